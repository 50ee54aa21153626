/** Masks that are built in, for strings: `a•••@example.com`, `•••23`, `•••3456`. */
export type MaskName = "email" | "phone" | "last4";

/** What is shown where nothing may be: it says neither the value nor its length. */
export const hidden = "•••";

/** The mask of each name. What a value is too short for, or does not look like, is hidden whole. */
export const masks: Readonly<Record<MaskName, (value: string) => string>> = {
  email: (value) => {
    const at = value.lastIndexOf("@");
    const [first, second] = value.slice(0, Math.max(0, at));
    // The first character of a single one would be all of the name.
    return at === -1 || at === value.length - 1 ? hidden : `${second === undefined ? "" : first}${hidden}${value.slice(at)}`;
  },
  phone: (value) => {
    const digits = value.replaceAll(/\D/g, "");
    return digits.length < 7 ? hidden : `${hidden}${digits.slice(-2)}`;
  },
  last4: (value) => {
    const characters = Array.from(value);
    return characters.length < 8 ? hidden : `${hidden}${characters.slice(-4).join("")}`;
  },
};
