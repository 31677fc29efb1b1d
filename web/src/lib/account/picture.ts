/** Makes a file of a drawing that the server takes. */

/** What a picture can be chosen from. */
export const pictureTypes = ["image/jpeg", "image/png", "image/gif"];

/** Ever smaller ways to write a picture; a photograph is small enough as the first one nearly always. */
const ways: { type: "image/png" | "image/jpeg"; quality: number; side: number }[] = [
  { type: "image/jpeg", quality: 0.92, side: 512 },
  { type: "image/jpeg", quality: 0.8, side: 512 },
  { type: "image/jpeg", quality: 0.8, side: 256 },
  { type: "image/jpeg", quality: 0.6, side: 128 },
];

/** Returns the drawing as a file of so many bytes at most; with its transparency if it can be. Nothing if there is no way to write it so small. */
export async function writePicture(
  drawing: HTMLCanvasElement,
  maxBytes: number,
  isTransparent: boolean,
): Promise<File | undefined> {
  const all = isTransparent ? [{ type: "image/png" as const, quality: 1, side: 512 }, ...ways] : ways;
  for (const way of all) {
    const file = await write(drawing, way);
    if (file && file.size <= maxBytes) return file;
  }
  return undefined;
}

async function write(drawing: HTMLCanvasElement, way: (typeof ways)[number]): Promise<File | undefined> {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = way.side;
  const context = canvas.getContext("2d");
  if (!context) return undefined;
  if (way.type === "image/jpeg") {
    context.fillStyle = "#fff"; // what is transparent would become black
    context.fillRect(0, 0, way.side, way.side);
  }
  context.drawImage(drawing, 0, 0, way.side, way.side);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, way.type, way.quality));
  return blob
    ? new File([blob], way.type === "image/png" ? "picture.png" : "picture.jpg", { type: way.type })
    : undefined;
}
