import { parse } from 'svelte/compiler';

/** Reads the console's own source for its texts: which are asked for, and which are not in any catalogue. For the tests. */

export interface Read {
  /** English texts given to `t` and `worded`, and plurals given to `tn`. */
  texts: Set<string>;
  plurals: Map<string, string>;
  /** Words on the screen that no language can change, with their place. */
  bare: string[];
}

interface Node {
  type: string;
  start: number;
  [member: string]: unknown;
}

/** Attributes and properties of components that people see or hear. */
const SEEN = new Set(['aria-label', 'aria-description', 'aria-roledescription', 'title', 'placeholder', 'label', 'alt', 'text', 'hint', 'description', 'legend', 'heading', 'what']);
const PROPS = new Set(['name', 'short']);
/** Members of objects in scripts that end up on the screen. */
const SAID = new Set(['label', 'title', 'text', 'hint', 'description', 'short', 'says']);
/** Keys of a keyboard and things to type or copy: the same in every language. */
const VERBATIM = new Set(['kbd', 'code', 'pre', 'style', 'script', 'q']);
/** Names, abbreviations and examples that are not translated. */
const NAMES = /^(SMS|MMS|JOIN|START|NAME|Summer10|\{\{coupon|Frontdesk|Slack|Google|KB|MB|GIF|Webhooks?|API|URL|vip|DKIM|SPF|DMARC|ARC|Cc|Bcc|English|Español|[\w.+-]+@[\w.-]+|https?:\/\/\S*|[A-Z0-9]+(-[A-Z0-9]+)+|\{\{.*\}\}|U\+)$/;

const hasWords = (text: string) => /\p{L}/u.test(text) && !NAMES.test(text.trim()) && !text.trim().split(/[\s·:,()/]+/).every((word) => word === '' || !/\p{L}/u.test(word) || NAMES.test(word));
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';

export function read(path: string, source: string, into: Read) {
  const component = path.endsWith('.svelte');
  const ast = parse(component ? source : `<script lang="ts">${source}</script>`, { modern: true }) as unknown as Record<string, Node | null>;
  const line = (node: Node) => source.slice(0, node.start - (component ? 0 : 18)).split('\n').length;
  const bare = (node: Node, text: string) => hasWords(text) && into.bare.push(`${path}:${line(node)} ${text.trim()}`);

  /** `shown`: what stands here is on the screen as it is. */
  function visit(node: Node, shown: boolean) {
    if (node.type.startsWith('TS') && !isNode(node['expression'])) return;
    if (asks(node)) return;
    if (component && node.type === 'Text') return bare(node, String(node['data']));
    if (VERBATIM.has(String(node['name'])) && node.type === 'RegularElement') return node['attributes'] && each(node['attributes'], false);
    if (node.type === 'StyleDirective' || (node.type === 'Component' && node['name'] === 'Icon')) return;
    if (node.type === 'RegularElement' || node.type === 'Component') {
      for (const one of node['attributes'] as Node[]) if (one.type === 'Attribute') attribute(one, node.type === 'Component');
    }
    if (node.type === 'Attribute') return;
    if (node.type === 'Literal' && typeof node['value'] === 'string') return shown && bare(node, node['value']);
    if (node.type === 'TemplateElement') return shown && bare(node, (node['value'] as { cooked: string }).cooked);
    if (node.type === 'Property') return property(node, shown);
    if (node.type === 'CallExpression') return told(node);
    const through = ['ExpressionTag', 'ConditionalExpression', 'LogicalExpression', 'TemplateLiteral', 'TSAsExpression', 'ArrayExpression', 'ObjectExpression'].includes(node.type);
    for (const [member, value] of Object.entries(node)) {
      if (['test', 'left'].includes(member) && node.type !== 'BinaryExpression' && node.type !== 'IfBlock') each(value, shown && member === 'left');
      else if (!['start', 'end', 'loc', 'type', 'typeAnnotation', 'leadingComments', 'trailingComments'].includes(member)) each(value, node.type === 'ExpressionTag' || (shown && through));
    }
  }

  function each(value: unknown, shown: boolean) {
    if (Array.isArray(value)) for (const one of value) each(one, shown);
    else if (isNode(value)) visit(value, shown);
  }

  /** Whether it is a text that is asked for; notes it. */
  function asks(node: Node): boolean {
    if (node.type !== 'CallExpression' || !isNode(node['callee'])) return false;
    const name = String(node['callee']['name'] ?? '');
    const [first, ...rest] = node['arguments'] as Node[];
    if (!first || !['t', 'tn', 'worded'].includes(name)) return false;
    if (name === 'worded') for (const { value } of first['properties'] as { value: Node }[]) literal(value);
    else if (name === 't') literal(first);
    else {
      const [one, other] = rest.splice(0, 2).map((arg) => String(arg['value']));
      into.plurals.set(String(other), String(one));
      visit(first, false);
    }
    each(rest, true);
    return true;
  }

  function literal(node: Node) {
    if (node.type === 'ConditionalExpression') [node['consequent'], node['alternate']].forEach((one) => literal(one as Node));
    else if (node.type !== 'Literal') into.bare.push(`${path}:${line(node)} a text that is made up cannot be found in a catalogue`);
    else if (node['value'] !== '') into.texts.add(String(node['value']));
  }

  function attribute(node: Node, ofComponent: boolean) {
    const seen = SEEN.has(String(node['name'])) || (ofComponent && PROPS.has(String(node['name'])));
    const parts = [node['value']].flat().filter(isNode);
    for (const part of parts) {
      if (part.type === 'Text') seen && bare(part, String(part['data']));
      else if (isNode(part['expression'])) visit(part['expression'], seen);
    }
  }

  function property(node: Node, shown: boolean) {
    const key = node['key'] as Node;
    each(node['value'], shown || SAID.has(String(key['name'])));
  }

  /** Calls of others take words that may be anything, but for what is told at once. */
  function told(node: Node) {
    const callee = node['callee'] as Node;
    const property = callee['property'] as Node | undefined;
    const tells = isNode(callee['object']) && (callee['object'] as Node)['name'] === 'toasts';
    each(callee, false);
    each(node['arguments'], tells && ['say', 'fail'].includes(String(property?.['name'])));
  }

  for (const part of [ast['instance'], ast['module'], ast['fragment']]) if (part && (component || part !== ast['fragment'])) visit(part, false);
}
