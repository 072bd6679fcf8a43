/** A config that does not parse is refused with its line and column, also where nobody named its dialect. */
import { assert, describe, it } from "vitest"
import { ConfigError, createHooks } from "../src/index.ts"

const messageOf = async (file: string, text: string): Promise<string> => {
  const error = await createHooks({ config: { file, text } }).then(
    () => assert.fail("it loaded"),
    (error: unknown) => error
  )
  assert.instanceOf(error, ConfigError)
  return (error as ConfigError).message
}

describe("a config that does not parse, in a dialect that nobody named", () => {
  it.each([
    ["broken.yaml", 'hooks:\n  - on: pre_tool_use\n    run: "exit 2\n', "3:10: .*not closed"],
    ["trailing.json", '{"hooks":[{"on":"stop","run":"true"},]}', "1:38: .*comma"],
    ["agent.json", '{"hooks":{"execution_start":[{"tool_name":"read_file",}]}}', "1:55: .*comma"],
    ["hooks.json", '{"hooks":[{"event":"pre_tool_use","command":"./guard.sh"}', "1:10: .*not closed"],
    ["coder.json", '{"hooks":[{"event":"pre_tool_use" "command":"./guard.sh"}]}', "1:35: .*comma"],
    ["suite.yaml", "pre_execution:\n\t- name: script\n", "2:1: .*tab"],
    ["compose.yaml", "services:\n  e: { environment: { WEGENT_HOOK_PRE_EXECUTE: /a.sh }\n", "2:6: .*not closed"],
    ["hooks.yaml", "hooks:\n  - { event: pre_prompt, command: x }\n---\n", "3:1: .*second document"],
    ["twice.json", '{"hooks":[{"on":"stop","run":"true"}],\n"hooks":[]}', "2:1: hooks: duplicate key .*1:2 already"],
    ["empty.yaml", "", "1:1: the file is empty"],
    ["comment.json", "{ // guards\n}", "1:3: .*no comments"]
  ])("%s", async (file, text, expected) => {
    assert.match(await messageOf(file, text), new RegExp(`^${file.replace(".", "\\.")}:${expected}`))
  })
})

describe("a config of no known form", () => {
  it.each([
    ["list.yaml", "- 1\n"],
    ["text.yaml", "a:1 b:2\n"],
    ["number.json", "5"],
    ["other.yaml", "nothing: to see\n"],
    ["notes.md", "# no hooks\n"],
    ["hooks.toml", "[hooks]\n"]
  ])("%s is refused, and the dialects are named", async (file, text) => {
    assert.match(
      await messageOf(file, text),
      new RegExp(`^${file.replace(".", "\\.")}:1:1: cannot tell .*native.*"on"`)
    )
  })
})

describe("a hook with a key of a native hook alone", () => {
  it.each([
    ["a YAML file", "hooks.yaml", "hooks:\n  - event: pre_tool_use\n    command: ./guard.sh\n    onFailure: block\n"],
    ["a JSON file", "hooks.json", '{"hooks":[{"event":"pre_tool_use","command":"./guard.sh","onFailure":"block"}]}']
  ])("makes %s a native config, though its other keys are another dialect's", async (_, file, text) => {
    assert.match(await messageOf(file, text), /onFailure|"run"/)
  })
})
