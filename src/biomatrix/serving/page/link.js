// A request in the part of an address behind "#", which a browser sends to no server.
const NAME = "r=";
const MOST = 2_000_000;

async function through(bytes, transform) {
  const stream = new Blob([bytes]).stream().pipeThrough(transform);
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

export async function linkOf(request) {
  const bytes = new TextEncoder().encode(JSON.stringify({ path: request.path, body: request.body }));
  const packed = await through(bytes, new CompressionStream("deflate-raw"));
  let text = "";
  for (const byte of packed) text += String.fromCharCode(byte);
  const safe = btoa(text).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  return `${location.origin}${location.pathname}#${NAME}${safe}`;
}

// The request of the address; null where it holds none. Error where it is damaged.
export async function linked() {
  const hash = location.hash.slice(1);
  if (!hash.startsWith(NAME)) return null;
  try {
    if (hash.length > MOST) throw new Error("too long");
    const text = atob(hash.slice(NAME.length).replaceAll("-", "+").replaceAll("_", "/"));
    const packed = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const request = JSON.parse(new TextDecoder().decode(await through(packed, new DecompressionStream("deflate-raw"))));
    if (!/^\/v1\/(generate|tasks\/[^/?#]+\/run)$/.test(request.path) || typeof request.body !== "object" || request.body === null) throw new Error("no request");
    return { path: request.path, body: request.body };
  } catch {
    throw new Error("The link is damaged: its request cannot be read. Ask for it again, whole.");
  }
}
