import { afterAll, beforeAll, describe, test } from "vitest"
import { browserUnavailable, type ConsoleBrowser, openConsoleBrowser } from "../../support/console-browser.ts"
import { attackCases } from "./attack-cases.ts"
import { boardCases } from "./board-cases.ts"
import { bulkCases } from "./bulk-cases.ts"
import { directoryCases } from "./directory-cases.ts"
import { menuCases } from "./menu-cases.ts"
import { operationCases } from "./operation-cases.ts"
import { overviewCases, twelveWeeksOfMail } from "./overview-cases.ts"
import { oneTimeCases } from "./one-time-cases.ts"
import { securityCases } from "./security-cases.ts"
import { reportCases } from "./report-cases.ts"
import { scriptCases } from "./script-cases.ts"
import { selfCases } from "./self-cases.ts"
import { signInCases } from "./sign-in-cases.ts"

/** One server and one browser for the pages of all areas; a new area is a file of cases beside this one, and a line below. */
const areas = { "signing in": signInCases, attacks: attackCases, "the menu": menuCases, "the dashboard": overviewCases, "the directory": directoryCases, "a holder's own pages": selfCases, "bulk changes": bulkCases, "one-time passwords and bulk jobs": oneTimeCases, "second factors and single sign-on": securityCases, operation: operationCases, reports: reportCases, "the queue engine and webhooks": boardCases, "stored script": scriptCases }

const skipped = browserUnavailable()

if (skipped !== undefined) test.skip(`the console in a browser: ${skipped}`)
else
  describe("the console in a browser", () => {
    let opened: ConsoleBrowser
    beforeAll(async () => {
      opened = await openConsoleBrowser()
      await twelveWeeksOfMail(opened)
    })
    afterAll(() => opened.close())

    for (const [name, cases] of Object.entries(areas)) describe(name, () => cases(() => opened))
  })
