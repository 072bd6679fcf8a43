import { join } from "node:path"
import { defineConfig } from "vitest/config"
import { BaseSequencer, type TestSpecification } from "vitest/node"

const conditions = ["@tenterhook/source", "module", "node", "import", "default"]

// Hundreds of processes load the same modules: for the tests' own, and for those that tests start.
process.env["NODE_COMPILE_CACHE"] ??= join(import.meta.dirname, "node_modules/.cache/node")

/** What takes long begins first, longest at the top: mostly it waits, and the others have room beside it. */
const long = [
  "apps/server/test/cluster.test.ts",
  "packages/shell/test/hostile.test.ts",
  "scripts/test/docs.test.ts",
  "apps/server/test/postgres.test.ts",
  "packages/webhook/test/outbox/chaos.test.ts",
  "apps/server/test/chaos.test.ts",
  "apps/cli/test/server.test.ts",
  "apps/server/test/migrate/moveFolder.test.ts",
  "packages/tool-call/test/servers.test.ts",
  "packages/shell/test/host.test.ts",
  "apps/cli/test/serve.test.ts",
  "apps/server/test/api/fuzz.test.ts",
  "packages/dialects/test/fuzz.test.ts",
  "apps/server/test/execution/DurableExecutions.test.ts",
  "packages/conformance/test/dialectContract.test.ts",
  "apps/cli/test/configs.test.ts",
  "apps/server/test/execution/servers.test.ts",
  "apps/server/test/execution/chaos.test.ts"
]

class LongFirst extends BaseSequencer {
  override async sort(files: Array<TestSpecification>) {
    const rank = ({ moduleId }: TestSpecification) => long.findIndex((file) => moduleId.endsWith(file)) + 1 || Infinity
    return (await super.sort(files)).toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(a) - rank(b)))
  }
}

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["@tenterhook/source"] } },
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "examples/*/test/**/*.test.ts",
      "scripts/test/**/*.test.ts"
    ],
    globalSetup: ["packages/testing-databases/src/sharedPostgres.ts", "scripts/test/outside/registry.ts"],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    // Most of them wait for processes and sockets.
    maxWorkers: 4,
    maxConcurrency: 12,
    sequence: { sequencer: LongFirst }
  }
})
