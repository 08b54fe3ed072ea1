// Getting the files of this folder, and a sentence for each way in which that can fail.

export class Trouble extends Error {} // its message is written for the reader of the page

/** The answer for one file, checked. name: its path below this page. */
export async function fetched(name) {
  let answer;
  try {
    answer = await fetch(name, { cache: "no-cache" });
  } catch {
    throw new Trouble(
      `The server does not answer (asked for ${name}): start it again, by the cell of the notebook or with ` +
        '"python3 start.py page", then open the address that it prints.',
    );
  }
  if (!answer.ok) throw new Trouble(`The file ${name} is missing: write the page again.`);
  return answer;
}

/** settings.json and the pixels of the photos. */
export async function loadSettings() {
  const settings = await (await fetched("settings.json")).json().catch(() => {
    throw new Trouble("The file settings.json is damaged: write the page again.");
  });
  const { file, labels } = settings.examples;
  const pixels = new Uint8Array(await (await fetched(file)).arrayBuffer());
  const size = settings.side ** 2;
  if (pixels.length !== labels.length * size) throw new Trouble(`The file ${file} is damaged: write the page again.`);
  settings.photos = labels.map((label, at) => ({ at, label, pixels: pixels.subarray(at * size, (at + 1) * size) }));
  return settings;
}
