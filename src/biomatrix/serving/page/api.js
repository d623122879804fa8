// Requests to this server, and their errors.
const KEY = "biomatrix.key";

export class ApiError extends Error {
  constructor(status, told, retryAfter = null) {
    super(told?.message ?? `the server answered with status ${status}`);
    this.status = status;
    this.type = told?.type ?? "http";
    this.where = told?.where ?? null;
    this.limit = told?.limit ?? null;
    this.retryAfter = retryAfter;
  }
}

export class LostError extends Error {}

export function key() {
  try { return sessionStorage.getItem(KEY) ?? ""; } catch { return ""; }
}

export function setKey(value) {
  try { value ? sessionStorage.setItem(KEY, value) : sessionStorage.removeItem(KEY); } catch { /* only this request */ }
}

export function headers(extra = {}) {
  const found = { "content-type": "application/json", ...extra };
  if (key()) found.authorization = `Bearer ${key()}`;
  return found;
}

// The error of an answer that is no success, whoever wrote it: this server, or a proxy before it.
export async function errorOf(response) {
  const told = await response.json().then((body) => body?.error ?? detailOf(body), () => null);
  const error = new ApiError(response.status, told, Number(response.headers.get("retry-after")) || null);
  if (response.status === 401) document.dispatchEvent(new CustomEvent("key-needed"));
  return error;
}

function detailOf(body) {
  const first = Array.isArray(body?.detail) ? body.detail[0] : null;
  if (first) return { type: "request", message: `${first.loc?.slice(1).join(".") ?? "request"}: ${first.msg}` };
  return typeof body?.detail === "string" ? { type: "request", message: body.detail } : null;
}

export async function fetchOrLose(path, options) {
  try {
    return await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new LostError("the server cannot be reached; is it still running?");
  }
}

export async function ask(path, body, { signal } = {}) {
  const options = body === undefined ? { headers: headers(), signal }
    : { method: "POST", headers: headers(), body: JSON.stringify(body), signal };
  const response = await fetchOrLose(path, options);
  if (!response.ok) throw await errorOf(response);
  return response.json();
}

// One line for people, with what to do where the server said so.
export function lineOf(error) {
  const limit = error.limit ? ` (${error.limit.actual} of at most ${error.limit.allowed})` : "";
  const wait = error.retryAfter ? `; try again in ${error.retryAfter} s` : "";
  return `${error.message}${limit}${wait}`;
}
