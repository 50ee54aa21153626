/** Masks that are built in, for strings: `a•••@example.com`, `•••23`, `•••3456`. */
export type MaskName = "email" | "phone" | "last4";

/** What is shown where nothing may be: it says neither the value nor its length. */
export const hidden = "•••";

// What people see as one character: `é` may be two code points, a flag or family more.
let segmenter: Intl.Segmenter | undefined;
// Telling characters apart takes time and memory: no more than this is looked at, whoever wrote the value.
const longestLooked = 512;
const domain = /^[\p{L}\p{M}\p{N}.-]+$/u;

/** The mask of each name. What a value is too short for, or does not look like, is hidden whole. */
export const masks: Readonly<Record<MaskName, (value: string) => string>> = {
  email: (value) => {
    const at = value.lastIndexOf("@");
    const after = value.slice(at + 1);
    if (at === -1 || !domain.test(after)) return hidden;
    const [first, second] = charactersOf(value.slice(0, Math.min(at, longestLooked)));
    // The first character of a single one would be all of the name.
    return `${second === undefined ? "" : first}${hidden}@${after}`;
  },
  phone: (value) => {
    const digits = value.replaceAll(/\D/g, "");
    return digits.length < 7 ? hidden : `${hidden}${digits.slice(-2)}`;
  },
  last4: (value) => {
    const characters = charactersOf(value.slice(-longestLooked));
    return characters.length < 8 ? hidden : `${hidden}${characters.slice(-4).join("")}`;
  },
};

function charactersOf(text: string): string[] {
  segmenter ??= new Intl.Segmenter("en");
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}
