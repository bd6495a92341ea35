import { expect, test } from "vitest"
import type { Change } from "../../src/store/change.ts"
import type { Topic } from "../../src/store/change.ts"
import type { ChangeFeed } from "../../src/store/change-feed.ts"

/** What every change feed promises. `open` gives one process's feed, connected. */
export function changeFeedContract(open: (hears?: readonly Topic[]) => Promise<ChangeFeed>): void {
  const collect = (feed: ChangeFeed, count: number): { readonly all: Promise<readonly Change[]>; stop(): void } => {
    const heard: Change[] = []
    let stop = (): void => undefined
    const all = new Promise<readonly Change[]>((resolve) => {
      stop = feed.subscribe((changes) => {
        heard.push(...changes)
        if (heard.length >= count) resolve(heard)
      })
    })
    return { all, stop: () => stop() }
  }
  const advanced = (modSeq: number): Change => ({ kind: "advanced", accountId: 1, mailboxId: 2, modSeq })

  test("another process hears changes whole and in their order", async () => {
    const [one, two] = await Promise.all([open(), open()])
    const changes: Change[] = [
      { kind: "appended", accountId: 1, mailboxId: 2, modSeq: 3, messages: [{ uid: 1, flags: 0, size: 100, internalDate: 1_700_000_000_000 }] },
      { kind: "mailboxes", accountId: 1 },
      ...Array.from({ length: 500 }, (_, n) => advanced(n + 4)),
    ]
    const heard = collect(two, changes.length)
    for (let at = 0; at < changes.length; at += 100) one.publish(changes.slice(at, at + 100))
    expect(await heard.all).toEqual(changes)
    await Promise.all([one.close(), two.close()])
  })

  test("nothing to tell does not keep what comes after it from being told", async () => {
    const [one, two] = await Promise.all([open(), open()])
    const heard = collect(two, 1)
    one.publish([])
    one.publish([advanced(1)])
    expect(await heard.all).toEqual([advanced(1)])
    await Promise.all([one.close(), two.close()])
  })

  test("a process is not woken for a topic that it does not hear", async () => {
    const [one, two] = await Promise.all([open(), open(["directory"])])
    const heard = collect(two, 1)
    one.publish([advanced(1), { kind: "mailboxes", accountId: 1 }])
    one.publish([{ kind: "directory", version: 8 }])
    expect(await heard.all).toEqual([{ kind: "directory", version: 8 }])
    await Promise.all([one.close(), two.close()])
  })

  test("a listener that left hears nothing more", async () => {
    const [one, two] = await Promise.all([open(), open()])
    const left = collect(two, 1)
    left.stop()
    const stays = collect(two, 1)
    one.publish([advanced(1)])
    await stays.all
    expect(await Promise.race([left.all, Promise.resolve("nothing")])).toBe("nothing")
    await Promise.all([one.close(), two.close()])
  })

  test("an appended change that is very long is told at least as an advance", async () => {
    const [one, two] = await Promise.all([open(), open()])
    const heard = collect(two, 1)
    one.publish([{ kind: "appended", accountId: 1, mailboxId: 2, modSeq: 9, messages: Array.from({ length: 1000 }, (_, n) => ({ uid: n + 1, flags: 0, size: 12_345, internalDate: 1_700_000_000_000 })) }])
    expect((await heard.all)[0]).toMatchObject({ mailboxId: 2, modSeq: 9 })
    await Promise.all([one.close(), two.close()])
  })
}
