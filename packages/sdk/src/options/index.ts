/** How the calls of this project check their options, for packages of this project that have calls of their own. */
export {
  anything,
  callable,
  type Check,
  checkOptions,
  flag,
  InvalidOptions,
  list,
  number,
  object,
  record,
  shape,
  test,
  text
} from "./Check.ts"
export { environment, toolList } from "./shapes.ts"
