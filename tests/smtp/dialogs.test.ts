import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { SmtpServer } from "../../src/smtp/server.ts"
import { playDialog, readDialogs } from "../support/smtp-dialog.ts"
import { createSmtpWorld, password, type SmtpWorld } from "../support/smtp-world.ts"

let world: SmtpWorld
let server: SmtpServer
let values: Record<string, string>

const plain = (user: string, secret: string, authzid = ""): string => Buffer.from(`${authzid}\0${user}\0${secret}`).toString("base64")

beforeAll(async () => {
  world = await createSmtpWorld()
  server = await world.server()
  const app = (address: string): string => world.appPasswords.get(address) ?? ""
  values = {
    longLine: "x".repeat(20_000),
    plainAn: plain("an@tinh.example", app("an@tinh.example")),
    plainBinh: plain("binh@tinh.example", app("binh@tinh.example")),
    plainAnPassword: plain("nguyen.an@tinh.example", password),
    plainMay: plain("may@tinh.example", password),
    plainWrong: plain("an@tinh.example", "wrong password"),
    plainNobody: plain("nobody@tinh.example", "wrong password"),
    plainForAnother: plain("an@tinh.example", app("an@tinh.example"), "binh@tinh.example"),
    userAn: Buffer.from("an@tinh.example").toString("base64"),
    passAn: Buffer.from(app("an@tinh.example")).toString("base64"),
  }
})
afterAll(() => world.close())

describe("SMTP transcripts", () => {
  for (const dialog of readDialogs(new URL("../dialogs", import.meta.url).pathname, "smtp-")) {
    test(`${dialog.file}: ${dialog.title}`, async () => {
      await playDialog(dialog, server.ports, values)
      expect(world.failures).toEqual([])
    })
  }
})
