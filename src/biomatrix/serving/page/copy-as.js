// A request as a command line and as Python, to be pasted and run.
import { key } from "./api.js";
import { button, copy } from "./elements.js";

export function asCurl({ path, body }) {
  const quoted = JSON.stringify(body).replaceAll("'", "'\\''");
  const auth = key() ? ` \\\n  -H "Authorization: Bearer $BIOMATRIX_KEY"` : "";
  return `curl -sS ${location.origin}${path} \\\n  -H 'Content-Type: application/json'${auth} \\\n  --data-raw '${quoted}'`;
}

function literal(value, indent = "") {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map((one) => literal(one, indent)).join(", ")}]`;
  const inner = `${indent}    `;
  const rows = Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${literal(one, inner)},`);
  return rows.length ? `{\n${rows.join("\n")}\n${indent}}` : "{}";
}

export function asPython({ path, body }) {
  const auth = key() ? `, "Authorization": "Bearer " + os.environ["BIOMATRIX_KEY"]` : "";
  return `import json
${key() ? "import os\n" : ""}from urllib.request import Request, urlopen

body = ${literal(body)}
headers = {"Content-Type": "application/json"${auth}}
request = Request("${location.origin}${path}", json.dumps(body).encode(), headers)
with urlopen(request) as response:
    told = json.load(response)
for answer in told["answers"]:
    print(answer["text"], answer["confidence"]["line"], sep="\\n")
`;
}

export function copyAs(request) {
  return [
    button("curl", (event) => copy(asCurl(request), event.target), { class: "plain", "aria-label": "Copy as curl" }),
    button("Python", (event) => copy(asPython(request), event.target), { class: "plain", "aria-label": "Copy as Python" }),
  ];
}
