/** Pictures, made up. */
import { crc32, deflateSync } from "node:zlib";

/** Returns a PNG whose left half has one colour and whose right half has another one (`#rrggbb`; RFC 2083). */
export function png(width: number, height: number, left: string, right: string): Buffer {
  const color = (text: string) => Buffer.from(text.slice(1), "hex");
  const half = Math.floor(width / 2);
  const row = Buffer.concat([
    Buffer.from([0]), // no filter
    ...Array.from({ length: width }, (_, x) => color(x < half ? left : right)),
  ]);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8); // eight bits of red, green and blue
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.concat(Array.from({ length: height }, () => row)))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const frame = Buffer.alloc(8);
  frame.writeUInt32BE(data.length, 0);
  frame.writeUInt32BE(crc32(body), 4);
  return Buffer.concat([frame.subarray(0, 4), body, frame.subarray(4)]);
}
