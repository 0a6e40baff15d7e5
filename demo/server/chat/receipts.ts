/** When and where in the order a message found its place. */
export interface Receipt {
  seq: number
  at: number
}

/** How many receipts are kept. A client sends again what it has no receipt for, soon after it is back. */
const KEPT = 2_000

/** What has been delivered already, so that a message sent twice is heard once. */
export class Receipts {
  readonly #receipts = new Map<string, Receipt>()

  get(key: string): Receipt | undefined {
    return this.#receipts.get(key)
  }

  add(key: string, receipt: Receipt): void {
    this.#receipts.set(key, receipt)
    if (this.#receipts.size <= KEPT) return
    for (const oldest of this.#receipts.keys()) {
      this.#receipts.delete(oldest)
      return
    }
  }
}
