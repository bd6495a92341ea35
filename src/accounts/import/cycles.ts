/** Edges as node → targets; targets that are no nodes lead nowhere. */
export type Graph = ReadonlyMap<string, readonly string[]>

/** Tells which edges lie on a cycle: those whose ends are strongly connected (Kosaraju's two passes, without recursion). */
export function cycleFinder(graph: Graph): (from: string, to: string) => boolean {
  const backward = new Map<string, string[]>([...graph.keys()].map((node) => [node, []]))
  for (const [node, targets] of graph) for (const target of targets) backward.get(target)?.push(node)
  const component = new Map<string, string>()
  for (const root of finishingOrder(graph).toReversed()) {
    if (component.has(root)) continue
    const stack = [root]
    component.set(root, root)
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      for (const source of backward.get(node) ?? []) {
        if (component.has(source)) continue
        component.set(source, root)
        stack.push(source)
      }
    }
  }
  return (from, to) => component.has(from) && component.get(from) === component.get(to)
}

/** Nodes in the order in which a depth-first walk leaves them. */
function finishingOrder(graph: Graph): string[] {
  const seen = new Set<string>()
  const order: string[] = []
  for (const root of graph.keys()) {
    if (seen.has(root)) continue
    seen.add(root)
    const stack = [{ node: root, next: 0 }]
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const target = graph.get(top.node)?.[top.next++]
      if (target === undefined) {
        order.push(top.node)
        stack.pop()
      } else if (graph.has(target) && !seen.has(target)) {
        seen.add(target)
        stack.push({ node: target, next: 0 })
      }
    }
  }
  return order
}
