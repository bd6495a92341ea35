import type { SignatureProblem } from "../signature-facts.ts"

/** What stands in the way of reading a CMS object. Thrown by the readers of this folder only; caught where a message's verification begins. */
export class CmsError extends Error {
  override readonly name = "CmsError"
  readonly problem: SignatureProblem

  constructor(problem: SignatureProblem, detail: string) {
    super(detail)
    this.problem = problem
  }
}
