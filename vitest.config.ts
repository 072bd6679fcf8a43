import { defineConfig } from "vitest/config"

const conditions = ["@tenterhook/source", "module", "node", "import", "default"]

/** What measures how soon or how seldom something happens. Nothing runs beside them. */
const alone = [
  "apps/server/test/chaos.test.ts",
  "apps/server/test/execution/chaos.test.ts",
  "apps/server/test/migrate/moveFolder.test.ts",
  "packages/shell/test/hostile.test.ts",
  "packages/shell/test/host.test.ts",
  "packages/shell/test/stop.test.ts",
  "packages/webhook/test/outbox/chaos.test.ts"
]

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: ["@tenterhook/source"] } },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxConcurrency: 12,
    projects: [
      {
        extends: true,
        test: {
          name: "together",
          include: [
            "packages/*/test/**/*.test.ts",
            "apps/*/test/**/*.test.ts",
            "examples/*/test/**/*.test.ts",
            "scripts/test/**/*.test.ts"
          ],
          exclude: alone,
          // Most of them wait for processes and sockets.
          maxWorkers: 2
        }
      },
      {
        extends: true,
        test: { name: "alone", include: alone, fileParallelism: false, sequence: { groupOrder: 1 } }
      }
    ]
  }
})
