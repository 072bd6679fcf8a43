export { wegent } from "./wegent/wegent.ts"
export { native } from "./native/native.ts"
export { youbencha } from "./youbencha/youbencha.ts"
export { oats } from "./oats/oats.ts"
