/**
 * The reference as one HTML page without a script: it is read on machines that are offline, loads nothing from elsewhere,
 * and asks for nobody's key. (Scalar's page, which effect/http-api brings, adds 3.2 MB to the program.)
 */
import type { OpenApi } from "effect/http-api"

export const referencePage = (document: OpenApi.OpenAPISpec): string => {
  const operations = operationsOf(document)
  const tags = document.tags ?? []
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="content-security-policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escape(document.info.title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escape(document.info.title)}</h1>
<p>${prose(document.info.description ?? "")}</p>
<p>The same as an OpenAPI document: <a href="/openapi.json">/openapi.json</a></p>
<nav>${tags.map(({ name }) => `<a href="#${anchor(name)}">${escape(name)}</a>`).join(" ")} <a href="#schemas">Schemas</a></nav>
</header>
${tags
  .map(
    ({ name, description }) => `<section id="${anchor(name)}">
<h2>${escape(name)}</h2>
<p>${prose(description ?? "")}</p>
${operations
  .filter(({ operation }) => operation.tags?.includes(name) === true)
  .map(operationOf)
  .join("\n")}
</section>`
  )
  .join("\n")}
<section id="schemas">
<h2>Schemas</h2>
${Object.entries(document.components.schemas)
  .map(
    ([name, schema]) =>
      `<details id="${schemaAnchor(name)}"><summary>${escape(name)}</summary>${jsonOf(schema)}</details>`
  )
  .join("\n")}
</section>
</body>
</html>
`
}

const operationsOf = ({ paths }: OpenApi.OpenAPISpec): ReadonlyArray<Listed> =>
  Object.entries(paths).flatMap(([path, item]) =>
    methods.flatMap((method) => {
      const operation = item[method]
      return operation === undefined ? [] : [{ path, method, operation }]
    })
  )

const operationOf = ({ path, method, operation }: Listed): string => {
  const body = operation.requestBody?.content["application/json"]?.schema
  return `<details>
<summary><b>${method.toUpperCase()}</b> <code>${escape(path)}</code> ${escape(operation.summary ?? "")}</summary>
<p>${prose(operation.description ?? "")}</p>
${operation.parameters.length === 0 ? "" : `<table>${operation.parameters.map(parameterOf).join("")}</table>`}
${body === undefined ? "" : `<h4>Body</h4>${jsonOf(body)}`}
<h4>Answers</h4>
${Object.entries(operation.responses).map(responseOf).join("\n")}
</details>`
}

const parameterOf = ({ name, in: place, required, schema, description }: OpenApi.OpenAPISpecParameter): string =>
  `<tr><td><code>${escape(name)}</code></td><td>${place}${required ? "" : ", optional"}</td><td>${prose(description ?? "")} ${jsonOf(schema)}</td></tr>`

const responseOf = ([status, { description, content }]: [string, OpenApi.OpenApiSpecResponse]): string => {
  const [schema] = Object.values(content ?? {}).map((one) => one.schema)
  return `<div><b>${escape(status)}</b> ${escape(description)}${schema === undefined ? "" : jsonOf(schema)}</div>`
}

/** JSON whose references lead to the schemas further down. */
const jsonOf = (value: unknown): string =>
  `<pre>${escape(JSON.stringify(value, null, 2)).replaceAll(
    reference,
    (_, name: string) => `<a href="#${schemaAnchor(name)}">${name}</a>`
  )}</pre>`

const reference = /\{\s*&quot;\$ref&quot;: &quot;#\/components\/schemas\/([\w.-]+)&quot;\s*\}/g

/** Paragraphs, and `code`. */
const prose = (text: string): string =>
  escape(text)
    .replaceAll(/`([^`]+)`/g, "<code>$1</code>")
    .replaceAll("\n\n", "<br>")

const escape = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")

const anchor = (name: string): string => name.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")
const schemaAnchor = (name: string): string => `schema-${name}`

const methods = ["post", "get", "put", "patch", "delete"] as const

interface Listed {
  readonly path: string
  readonly method: string
  readonly operation: OpenApi.OpenAPISpecOperation
}

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
pre { overflow-x: auto; margin: .25rem 0; font-size: .8rem; }
details { border-top: 1px solid #8884; padding: .4rem 0; }
summary { cursor: pointer; }
td { vertical-align: top; padding-right: 1rem; }
nav a { margin-right: .75rem; }
`
