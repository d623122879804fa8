// Files of many records cut into texts of one record each, by what the formats say of their records' borders.
import { catalogue } from "./catalogue.js";

export const MOST_RECORDS = 20;
const MOST_BYTES = 30 * 2 ** 20;

export class FileRefused extends Error {}

function extensionOf(name) {
  const plain = name.toLowerCase();
  return plain.includes(".") ? plain.slice(plain.lastIndexOf(".")) : "";
}

// The kind and format of a file by its name; kind and format are null where the name does not tell.
export function formatOf(name) {
  const extension = extensionOf(name);
  for (const kind of catalogue.kinds) {
    const format = kind.formats.find((one) => one.extensions.includes(extension));
    if (format) return { kind, format };
    const advice = kind.refused_extensions[extension];
    if (advice) throw new FileRefused(`${name}: ${advice}`);
  }
  return { kind: null, format: null };
}

export async function textOf(file) {
  if (file.size > MOST_BYTES) throw new FileRefused(`${file.name}: ${(file.size / 2 ** 20).toFixed(0)} MB, past 30 MB; give a smaller file`);
  if (!/\.gz$/i.test(file.name)) return file.text();
  const stream = file.stream().pipeThrough(new DecompressionStream("gzip")).getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (let read = await stream.read(); !read.done; read = await stream.read()) {
    text += decoder.decode(read.value, { stream: true });
    if (text.length > MOST_BYTES) throw new FileRefused(`${file.name}: past 30 MB once unpacked; give a smaller file`);
  }
  return text;
}

export function recordsOf(text, format) {
  if (!format?.many) return [text];
  const lines = text.split(/(?<=\n)/);
  if (format.ends) return cut(lines, (line) => line.startsWith(format.ends), true);
  if (format.starts) return cut(lines, (line) => line.startsWith(format.starts), false);
  if (format.starts === "") return lines.filter((line) => line.trim() && !(format.comments && line.startsWith(format.comments)));
  return [text];
}

function cut(lines, isBorder, after) {
  const records = [];
  let open = "";
  for (const line of lines) {
    if (isBorder(line) && !after && open.trim()) { records.push(open); open = ""; }
    open += line;
    if (isBorder(line) && after) { records.push(open); open = ""; }
  }
  if (open.trim()) records.push(open);
  return records;
}
