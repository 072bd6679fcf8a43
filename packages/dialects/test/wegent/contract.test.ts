import type { ConfigSource } from "@tenterhook/core"
import { dialectSuite } from "@tenterhook/conformance/vitest"
import { wegent } from "../../src/index.ts"

const compose = (text: string): ConfigSource => ({ _tag: "text", file: "docker-compose.yml", folder: "/project", text })
const service = (body: string) => compose(`services:\n  executor:\n${body}`)

const env = { PATH: "/usr/bin:/bin", WEGENT_HOOK_PRE_EXECUTE: "/hooks/pre.sh", WEGENT_HOOK_PRE_EXECUTE_TIMEOUT: "5" }

dialectSuite({
  dialect: wegent,
  adapters: [],
  good: [
    { name: "the environment", source: { _tag: "environment", folder: "/project" } },
    {
      name: "the documented compose file",
      source: service(
        "    environment:\n      - WEGENT_HOOK_PRE_EXECUTE=/hooks/pre-execute.sh\n      - WEGENT_HOOK_PRE_EXECUTE_TIMEOUT=60\n    volumes:\n      - ./hooks:/hooks:ro\n"
      )
    },
    {
      name: "a compose file that takes from the host",
      source: service(
        "    environment:\n      WEGENT_HOOK_PRE_EXECUTE: /h/${NAME:-a.sh}\n      TOKEN:\n    volumes: [{ source: ~/h, target: /h }]\n"
      )
    },
    {
      name: "the variables in code",
      source: { _tag: "value", value: [{ WEGENT_HOOK_PRE_EXECUTE: "/a.sh" }], folder: "/project" }
    }
  ],
  bad: [
    { name: "services", source: compose("services: 5\n"), value: "5", right: "a map of services" },
    {
      name: "environment",
      source: service("    environment: A=1\n"),
      value: `"A=1"`,
      right: `a list of "NAME=value" or a map`
    },
    {
      name: "environment item",
      source: service("    environment:\n      - A: 1\n"),
      value: `{"A":1}`,
      right: `"NAME=value"`
    },
    {
      name: "script",
      source: service("    environment: { WEGENT_HOOK_PRE_EXECUTE: [] }\n"),
      value: "[]",
      right: "the path of a script"
    },
    {
      name: "volumes",
      source: service("    environment: { WEGENT_HOOK_PRE_EXECUTE: /a }\n    volumes: ./a:/b\n"),
      value: `"./a:/b"`,
      right: "a list of volumes"
    }
  ],
  unknown: [
    {
      name: "a misspelt variable",
      source: service("    environment:\n      - WEGENT_HOOK_PRE_EXCUTE=/a.sh\n"),
      notice: "WEGENT_HOOK_PRE_EXCUTE"
    }
  ],
  fires: [
    {
      event: "execution_start",
      context: { cwd: "/project", env, task: { id: "7", dir: "/d", repoUrl: "https://x/y" } }
    }
  ],
  outputs: ["ready\n"]
})
