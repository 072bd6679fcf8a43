/** The engine in this process, behind functions that the caller passes in: the kit knows no SDK. */
import { ConfigError, movableClock, type MovableClock } from "@tenterhook/core"
import { rm } from "node:fs/promises"
import type { HostTool } from "../host/HostTools.ts"
import { temporaryFolder } from "../host/temporaryFolder.ts"
import type { CaseSetup, LoadResult, Session, SetupEndpoint, Subject } from "../run/Subject.ts"
import { openCommands } from "./command.ts"
import { type CaseExecution, execWithin } from "./execWithin.ts"
import { noticeText, type Remark } from "./noticeText.ts"

/** What the kit uses of `@tenterhook/sdk`. */
export interface EngineHooks {
  readonly notices: ReadonlyArray<Remark>
  readonly fire: (event: string, context: any) => Promise<unknown>
  readonly startExecution: (context: any) => Promise<CaseExecution>
  /** Waits while something may still be delivered within the time. Needed where the engine takes endpoints. */
  readonly deliver?: (options: { readonly timeoutMs: number }) => Promise<unknown>
  readonly close: () => Promise<void>
}

export interface EngineOptions {
  readonly config?: ReadonlyArray<string>
  readonly dialect: string
  readonly mode?: string
  readonly lenient?: boolean
  readonly cwd: string
  readonly env: Readonly<Record<string, string>>
  readonly tools?: ReadonlyArray<HostTool>
  readonly endpoints?: ReadonlyArray<SetupEndpoint>
  /** Where announcements are kept; given together with endpoints. */
  readonly dataFolder?: string
  readonly allow?: ReadonlyArray<string>
  /** What its time goes by. Given to an engine that names `clock` among its needs. */
  readonly clock?: MovableClock
}

/** `engineSubject({ needs: ["shell", "clock"], createHooks })`; executions come with it. */
export const engineSubject = (engine: {
  readonly name?: string
  readonly needs: ReadonlyArray<string>
  readonly createHooks: (options: EngineOptions) => Promise<EngineHooks>
}): Subject => ({
  name: engine.name ?? "engine",
  needs: [...new Set([...engine.needs, "exec"])],
  open: async (setup) => {
    const own = setup.endpoints === undefined ? null : await temporaryFolder("tenterhook-subject-")
    const time = engine.needs.includes("clock") ? movableClock() : null
    const options = { ...optionsOf(setup, own), ...(time === null ? {} : { clock: time }) }
    const session = sessionOf(setup, () => engine.createHooks(options))
    const close = async () => {
      await session.close()
      if (own !== null) await rm(own, { recursive: true, force: true })
    }
    const clock = time === null ? {} : { clock: async (milliseconds: number) => time.advance(milliseconds) }
    return { ...session, ...clock, close }
  }
})

const optionsOf = (setup: CaseSetup, dataFolder: string | null): EngineOptions => ({
  ...(setup.config.length === 0 ? {} : { config: setup.config }),
  dialect: setup.dialect,
  ...(setup.mode === undefined ? {} : { mode: setup.mode }),
  ...(setup.lenient === undefined ? {} : { lenient: setup.lenient }),
  cwd: setup.folder,
  env: setup.env,
  ...(setup.tools === undefined ? {} : { tools: setup.tools }),
  ...(setup.endpoints === undefined ? {} : { endpoints: setup.endpoints }),
  ...(dataFolder === null ? {} : { dataFolder }),
  ...(setup.allow === undefined ? {} : { allow: setup.allow })
})

/** Loads once, at the first step that needs it. */
const sessionOf = (setup: CaseSetup, createHooks: () => Promise<EngineHooks>): Session => {
  let loading: Promise<EngineHooks> | undefined
  const hooks = () => (loading ??= createHooks())
  const commands = openCommands()
  return {
    fire: async (event, context) => (await hooks()).fire(event, context),
    exec: async (argv, context) => {
      const execution = await (await hooks()).startExecution(context)
      return execWithin(execution, () => commands.run(argv, { cwd: setup.folder, env: setup.env }))
    },
    load: () => load(createHooks),
    settle: async (timeoutMs) => {
      if (setup.endpoints !== undefined) await (await hooks()).deliver?.({ timeoutMs })
    },
    close: async () => {
      await commands.close()
      const opened = await loading?.catch(() => undefined)
      await opened?.close()
    }
  }
}

/** Always afresh: a case may load again after a step changed the file. */
const load = async (createHooks: () => Promise<EngineHooks>): Promise<LoadResult> => {
  try {
    const hooks = await createHooks()
    await hooks.close()
    return { ok: true, notices: hooks.notices.map(noticeText) }
  } catch (error) {
    if (error instanceof ConfigError) return { ok: false, error: error.message }
    throw error
  }
}
