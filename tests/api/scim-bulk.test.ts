import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Answered, Question } from "../support/api-world.ts"
import { enterprise, openScimWorld, type ScimWorld } from "../support/scim-world.ts"

let world: ScimWorld
beforeAll(async () => void (world = await openScimWorld()))
afterAll(() => world.close())

const bulk = (operations: unknown, more: object = {}, question: Partial<Question> = {}): Promise<Answered> =>
  world.ask("POST", "/Bulk", { body: { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkRequest"], ...more, Operations: operations }, ...question })
const add = (bulkId: string, displayName: string, department = "A"): object => ({ method: "POST", path: "/Users", bulkId, data: { userName: `${bulkId}@dang-nhap.example`, displayName, [enterprise]: { department } } })
const results = ({ body }: Answered) => body["Operations"] as readonly { status: string; location: string; bulkId?: string; version?: string; response?: { scimType?: string; detail: string } }[]
const idAt = (location = ""): string => decodeURIComponent(location.slice(location.lastIndexOf("/") + 1))

describe("many operations in one request", () => {
  test("make what refers to each other, whichever comes first, and say of each what became of it", async () => {
    const done = await bulk([
      { method: "POST", path: "/Groups", bulkId: "nhom", data: { displayName: "nhom@a.tinh.example", members: [{ value: "bulkId:mot" }, { value: "bulkId:hai" }] } }, add("mot", "Bulk Một"), add("hai", "Bulk Hai"),
      { method: "PATCH", path: "/Users/bulkId:mot", data: { Operations: [{ op: "add", path: "title", value: "bulkId:mot" }] } },
    ])
    expect(done).toMatchObject({ status: 200, body: { schemas: ["urn:ietf:params:scim:api:messages:2.0:BulkResponse"] } })
    const [group, first, second, changed] = results(done)
    expect([group, first, second, changed].map((one) => one?.status)).toEqual(["201", "201", "201", "200"])
    expect(changed).toMatchObject({ method: "PATCH", location: first?.location })
    expect((await world.ask("GET", "/Groups/nhom@a.tinh.example")).body["members"]).toMatchObject([idAt(second?.location), idAt(first?.location)].map((value) => ({ value })))
    // a title is no reference
    expect(await world.ask("GET", `/Users/${idAt(first?.location)}`)).toMatchObject({ tag: changed?.version, body: { title: "bulkId:mot" } })
  })

  test("are each all or nothing, and go on after one that fails unless they are told not to", async () => {
    const operations = [add("a1", "Riêng Một"), { ...add("a2", "Riêng Hai", "không có") }, add("a3", "Riêng Ba"), { method: "POST", path: "/Groups", bulkId: "g", data: { displayName: "rieng@a.tinh.example", members: [{ value: "bulkId:a2" }] } }]
    expect(results(await bulk(operations)).map(({ status, response }) => [status, response?.scimType])).toEqual([["201", undefined], ["400", "invalidValue"], ["201", undefined], ["409", undefined]])
    expect((await world.ask("GET", "/Groups/rieng@a.tinh.example")).status).toBe(404)
    const other = operations.map((one, at) => (at === 0 ? add("b1", "Dừng Một") : at === 2 ? add("b3", "Dừng Ba") : one))
    expect(results(await bulk(other, { failOnErrors: 1 })).map(({ status, bulkId }) => [bulkId, status])).toEqual([["b1", "201"], ["a2", "400"]])
    expect(await world.find("Users", 'displayName eq "Dừng Ba"')).toMatchObject({ body: { totalResults: 0 } })
  })

  test("change only what is as it was seen, and delete as alone", async () => {
    const made = await world.person("Bulk Thấy")
    const path = `/Users/${String(made.body["id"])}`
    const title = (version: string) => ({ method: "PATCH", path, version, data: { Operations: [{ op: "add", path: "title", value: "Mới" }] } })
    const [first, second, gone, again] = results(await bulk([title(made.tag), title(made.tag), { method: "DELETE", path }, { method: "DELETE", path }]))
    expect([first, second, gone, again].map((one) => one?.status)).toEqual(["200", "412", "204", "404"])
    expect(gone).toMatchObject({ location: expect.stringMatching(new RegExp(`${path}$`)) as string })
  })

  test("are held to the token's unit, one by one", async () => {
    const narrow = await world.token(["scim"], "B")
    const outside = await world.person("Bulk Ngoài", "A")
    expect(results(await bulk([{ method: "DELETE", path: `/Users/${String(outside.body["id"])}` }, add("c1", "Bulk Trong", "B"), add("c2", "Bulk Lạc", "A")], {}, { token: narrow })).map(({ status }) => status)).toEqual(["404", "201", "400"])
  })

  test("that refer to each other in a ring, or to nothing, fail", async () => {
    const group = (bulkId: string, of: string) => ({ method: "POST", path: "/Groups", bulkId, data: { displayName: `${bulkId}@a.tinh.example`, members: [{ value: `bulkId:${of}` }] } })
    expect(results(await bulk([group("v1", "v2"), group("v2", "v1"), group("v3", "v3"), group("v4", "x")])).map(({ status }) => status)).toEqual(["409", "409", "409", "409"])
  })

  test.each<[string, unknown, object, number]>([
    ["no list", {}, {}, 400], ["none", [], {}, 400], ["a method that is none", [{ method: 5, path: "/Users" }], {}, 400], ["no path", [{ method: "POST", bulkId: "a" }], {}, 400], ["a POST without a bulkId", [{ method: "POST", path: "/Users", data: {} }], {}, 400],
    ["one bulkId for two", [add("x", "X"), add("x", "Y")], {}, 400], ["data that is none", [{ method: "PUT", path: "/Users/1", data: [1] }], {}, 400], ["a NUL in a path", [{ method: "DELETE", path: "/Users/%00" }], {}, 400], ["half a character", [{ method: "DELETE", path: "/Users/%e1%bb" }], {}, 400],
    ["no failures allowed", [add("x", "X")], { failOnErrors: 0 }, 400], ["too many", Array.from({ length: 101 }, (_one, n) => add(`n${n}`, "X")), {}, 413],
  ])("with %s are refused as a whole", async (_name, operations, more, status) => {
    expect(await bulk(operations, more)).toMatchObject({ status, body: { schemas: ["urn:ietf:params:scim:api:messages:2.0:Error"] } })
    expect(await world.find("Users", 'displayName sw "X"')).toMatchObject({ body: { totalResults: 0 } })
  })

  test.each(["GET /Users/1", "POST /Bulk", "POST /Users/1", "DELETE /Users", "PUT /ServiceProviderConfig", "PATCH /Users/1/2"])("%s is none of them", async (text) => {
    const [method, path] = text.split(" ")
    expect(results(await bulk([{ method, path, bulkId: "a", data: {} }]))).toMatchObject([{ status: "404" }])
  })

  test("that are too large together are not read", async () => {
    expect((await bulk([{ ...add("x", "X"), more: "x".repeat(5 * 1024 * 1024) }])).status).toBe(413)
  })
})
