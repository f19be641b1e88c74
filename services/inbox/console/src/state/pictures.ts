/** Pictures made fit for a text: what a phone's camera takes is larger than what carriers carry. */

/** Longest side in pixels; phones show no more. */
const SIDE = 1600;
const QUALITY = 0.82;

/** Whether a picture can be redrawn: a GIF would lose its motion. */
export const redrawable = (file: File) => file.type.startsWith('image/') && file.type !== 'image/gif' && file.type !== 'image/svg+xml';

/** The picture as a JPEG of a size that goes into a text; `null` where this browser cannot read it. */
export async function redrawn(file: File): Promise<File | null> {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) return null;
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const canvas = new OffscreenCanvas(Math.round(picture.width * scale), Math.round(picture.height * scale));
  const brush = canvas.getContext('2d');
  if (!brush) return null;
  // A JPEG has no transparency: what was see-through becomes white, as on paper.
  brush.fillStyle = '#fff';
  brush.fillRect(0, 0, canvas.width, canvas.height);
  brush.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const blob = await canvas.convertToBlob({ type: 'image/jpeg', quality: QUALITY });
  return new File([blob], `${file.name.replace(/\.[^.]*$/, '')}.jpg`, { type: blob.type });
}
