/**
 * Whether a hook set may run. What a person names is trusted; what was discovered in a project is trusted only when
 * its digest was approved. The store of approvals is not part of this version: discovered sets come as `named` with a notice.
 */
export type Trust =
  | { readonly _tag: "named" }
  | { readonly _tag: "approved"; readonly digest: string }
  | { readonly _tag: "untrusted"; readonly why: string }

export const named: Trust = { _tag: "named" }
