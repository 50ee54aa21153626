/** What is sealed of each row of the generated file. */
export const sealedFields = ["email", "phone", "address.street"] as const;
