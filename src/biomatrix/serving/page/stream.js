// Server-sent events of a POST request, read to their end however often the connection breaks.
import { ApiError, LostError, errorOf, fetchOrLose, headers } from "./api.js";

const WAITS = [0.5, 1, 2, 4, 8];

// Yield the events of one connection; the number of the last one tells how far it came.
async function* once(path, body, signal, last) {
  const extra = { accept: "text/event-stream", ...(last ? { "last-event-id": String(last) } : {}) };
  const response = await fetchOrLose(path, { method: "POST", headers: headers(extra), body: JSON.stringify(body), signal });
  if (!response.ok) throw await errorOf(response);
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      rest += value.replaceAll("\r\n", "\n");
      const blocks = rest.split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) {
        const event = eventOf(block);
        if (event) yield event;
      }
    }
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new LostError("the connection broke off");
  } finally {
    reader.cancel().catch(() => {});
  }
}

function eventOf(block) {
  const event = { id: null, type: "message", data: "" };
  for (const line of block.split("\n")) {
    const [, name, value] = /^(\w+): ?(.*)$/s.exec(line) ?? [];
    if (name === "id") event.id = Number(value);
    else if (name === "event") event.type = value;
    else if (name === "data") event.data += value;
  }
  return event.data ? { id: event.id, type: event.type, data: JSON.parse(event.data) } : null;
}

// An answer is a function of its seed, so a broken stream is asked for again from its beginning and says the same.
// Yields {type: "again"} when that happens: what is unfinished starts anew.
export async function* stream(path, body, { signal, onlost, onback } = {}) {
  for (let failures = 0; ; ) {
    let ended = false;
    let lost = new LostError("the connection ended before the answer did");
    try {
      for await (const event of once(path, body, signal, 0)) {
        if (failures) onback?.();
        failures = 0;
        yield event;
        if (event.type === "end" || event.type === "error") ended = true;
      }
    } catch (error) {
      const busy = error instanceof ApiError && (error.status === 503 || error.status === 502);
      if (!(error instanceof LostError) && !busy) throw error;
      lost = error;
    }
    if (ended) return;
    if (failures >= WAITS.length) throw lost;
    const wait = lost.retryAfter ?? WAITS[failures];
    failures += 1;
    onlost?.(lost, wait);
    await pause(wait * 1000, signal);
    yield { type: "again", data: {} };
  }
}

function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => { clearTimeout(timer); reject(new DOMException("stopped", "AbortError")); };
    const timer = setTimeout(() => { signal?.removeEventListener("abort", stop); resolve(); }, milliseconds);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
