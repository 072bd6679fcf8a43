/** What measures how long things take while it goes on: one after the other, with nothing beside it. */
import { defineConfig, mergeConfig } from "vitest/config"
import all from "./vitest.config.ts"

export default mergeConfig(
  { ...all, test: { ...all.test, include: [], globalSetup: [] } },
  defineConfig({ test: { include: ["apps/*/test/**/*.alone.ts"], maxWorkers: 1 } })
)
