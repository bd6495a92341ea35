/** Fields that the console itself reads; no page may have one of these names. None is ever shown again. */
export const codeField = "_code"
export const passkeyField = "_passkey"
