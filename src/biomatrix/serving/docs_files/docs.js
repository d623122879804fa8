// Runs an example against this server and shows the answer as text.
async function run(form) {
  const output = form.querySelector("output");
  const get = form.dataset.method === "GET";
  const headers = get ? {} : { "content-type": "application/json" };
  const key = document.getElementById("key").value;
  if (key) headers.authorization = `Bearer ${key}`;
  output.textContent = "...";
  try {
    const body = get ? undefined : form.querySelector("textarea").value;
    const answer = await fetch(form.dataset.path.slice(1), { method: get ? "GET" : "POST", headers, body });
    const text = await answer.text();
    let shown = text;
    try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* text as it is */ }
    output.textContent = `${answer.status}\n${shown}`;
  } catch (error) {
    output.textContent = `no answer: ${error.message}`;
  }
}
for (const form of document.querySelectorAll("form[data-path]")) {
  form.addEventListener("submit", (event) => { event.preventDefault(); run(form); });
}
