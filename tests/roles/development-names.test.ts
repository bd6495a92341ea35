import { expect, test } from "vitest"
import { developmentNames } from "../../src/roles/development-names.ts"

const always = ["localhost", "127.0.0.1", "::1"]

test.each([
  ["mail.tinh.example", ["tinh.example", "autoconfig.tinh.example", "autodiscover.tinh.example", "mta-sts.tinh.example"]],
  // a single label or a name right below the top is nobody's domain
  ["mail", []],
  ["tinh.example", []],
])("%s is vouched for with %j", (hostname, inDomain) => expect(developmentNames(hostname)).toEqual([hostname, ...always, ...inDomain]))
