import fc from "fast-check"
import { expect, test } from "vitest"
import { htmlTricks } from "../../../src/pki/smime/html-tricks.ts"

test.each([
  ["<p>Kính gửi</p>", false, false],
  ["<html><body><p>a<br>b<ul><li>c</ul><table><tr><td>d</table></body></html>", false, false],
  ["<p>a < b</p>", false, false],
  ["<!-- note --><p>x</p>", false, false],
  ['<a href="mailto:a@x.example">x</a>', false, false],
  ["<div><p>x</div></div>", true, false],
  ["<div>", true, false],
  ["<!-- <!-- -->", false, false],
  ["x <!--", true, false],
  ['x <img alt="', true, false],
  ["x <a hre", true, false],
  ["<DIV STYLE='DISPLAY :\nNONE'></DIV>", true, false],
  ["<p hidden>x</p>", true, false],
  ["<IFRAME></IFRAME>", true, false],
  ["<img src='CID:1@x'>", true, false],
  ["<img src='ci&#100;:1@x'>", true, false],
  ["<p style='d\\69splay:none'>x</p>", true, false],
  ["<img src='https://x.example/a.png'>", false, true],
  ["<img src =\n //x.example/a.png>", false, true],
  ["<td background=http://x.example/></td>", false, true],
  ["<p style='background-image: url( \"ftp://x\")'>x</p>", false, true],
])("%s hides: %s, loads: %s", (html, hides, loads) => {
  expect(htmlTricks(html)).toEqual({ hides, loads })
})

test("text made to be slow is no slower", () => {
  for (const piece of ["<!--", "<a", "<a \"'", "style=", "src= ", " ", "&#", "&#x41;", "<", ">", "url(", "display", "/*"]) htmlTricks(piece.repeat(Math.ceil(65_536 / piece.length)))
  fc.assert(fc.property(fc.array(fc.constantFrom("<", ">", "!--", "-->", "a ", "style=", "'", '"', "src=", "\t", "&#x3c;", "div", "/"), { maxLength: 300 }), (pieces) => {
    expect(htmlTricks(pieces.join(""))).toMatchObject({ hides: expect.any(Boolean), loads: expect.any(Boolean) })
  }))
})
