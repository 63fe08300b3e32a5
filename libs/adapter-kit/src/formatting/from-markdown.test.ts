import { describe, expect, it } from 'vitest';
import { fromMarkdown } from './from-markdown.js';

/** Each span with its text, in their order. */
function styled(markdown: string): [string, string][] {
  const { text, spans } = fromMarkdown(markdown);
  return spans.map((span) => [span.kind === 'link' ? `link ${span.url}` : span.kind === 'pre' ? `pre ${span.language}` : span.kind, text.slice(span.offset, span.offset + span.length)]);
}
const text = (markdown: string): string => fromMarkdown(markdown).text;

describe('fromMarkdown', () => {
  it('parts text and looks', () => {
    expect(text('**bold _both_** and `code` ~~gone~~')).toBe('bold both and code gone');
    expect(styled('**bold _both_** and `code` ~~gone~~')).toEqual([['bold', 'bold both'], ['italic', 'both'], ['code', 'code'], ['strike', 'gone']]);
  });

  it('puts the outer of two spans first that begin together', () => {
    expect(styled('***both***').map(([kind]) => kind).sort()).toEqual(['bold', 'italic']);
    expect(styled('> **a** b').map(([kind]) => kind)).toEqual(['quote', 'bold']);
  });

  it('makes headings bold, rules a line, and keeps paragraphs apart', () => {
    expect(text('# Head\n\none\ntwo\n\n---\n\nthree')).toBe('Head\n\none\ntwo\n\n———\n\nthree');
    expect(styled('# Head\n\none')).toEqual([['bold', 'Head']]);
  });

  it('shows lists with their bullets, numbers, tasks and indents', () => {
    expect(text('- one\n  - inner\n    more\n- two\n\n3. three\n4. four\n\n- [x] done\n- [ ] open')).toBe('• one\n  • inner\n    more\n• two\n\n3. three\n4. four\n\n☑ done\n☐ open');
  });

  it('keeps code as it is, with its language', () => {
    expect(styled('```ts title="x"\n  a *b* <c>\n\n  d\n```')).toEqual([['pre ts', '  a *b* <c>\n\n  d']]);
    expect(styled('1. step\n   ```\n   a\n     b\n   ```')).toEqual([['pre ', 'a\n  b']]);
    expect(text('an open fence\n\n```js\nconst a = 1;')).toBe('an open fence\n\nconst a = 1;');
  });

  it('aligns tables as code, also where signs are wide', () => {
    expect(styled('| a | **bb** |\n|---|---|\n| 日本 | `x` |\n| 👍 |')).toEqual([['pre ', 'a    | bb\n-----+---\n日本 | x\n👍   |']]);
  });

  it('makes links and images links, and tells addresses in words that nothing opens', () => {
    expect(styled('[a](https://x.y/z_1) ![pic](https://x.y/p.png) <https://q.r> [m](mailto:a@b.c)')).toEqual([['link https://x.y/z_1', 'a'], ['link https://x.y/p.png', 'pic'], ['link https://q.r', 'https://q.r'], ['link mailto:a@b.c', 'm']]);
    expect(text('[a](javascript:alert(1)) [b](/relative) ![](data:image/png;base64,AAAA)')).toBe('a (javascript:alert(1)) b (/relative) image');
    expect(fromMarkdown('[a](javascript:alert(1))').spans).toEqual([]);
  });

  it('shows HTML as text, breaks as breaks, and character references as characters', () => {
    expect(text('a <b>bold</b> <script>x</script><br>next &amp; &lt;tag&gt; &#128512; &unknown; `&amp;`')).toBe('a <b>bold</b> <script>x</script>\nnext & <tag> 😀 &unknown; &amp;');
    expect(text('<div>\nblock\n</div>')).toBe('<div>\nblock\n</div>');
  });

  it('quotes once, however deep', () => {
    expect(styled('> one\n> > two')).toEqual([['quote', 'one\n\ntwo']]);
  });

  it('loses no definition, and no word of what looks like markup only', () => {
    expect(text('[1]: https://x.y "T"')).toContain('https://x.y');
    expect(text('2 * 3 * 4 = 24 and a_b_c and 5 < 6')).toBe('2 * 3 * 4 = 24 and a_b_c and 5 < 6');
  });

  it('gives spans that lie in the text, do not cross and are ordered, whatever comes', () => {
    for (const markdown of ['**a `b** c`', '*a **b* c**', '> - # x\n>   ```\n> y', '[a **b](c) d**', '|a|\n|-|\n|`|`|', '\u0000\ufffd', '']) {
      const { text: whole, spans } = fromMarkdown(markdown);
      for (const [place, span] of spans.entries()) {
        expect(span.length).toBeGreaterThan(0);
        expect(span.offset + span.length).toBeLessThanOrEqual(whole.length);
        for (const later of spans.slice(place + 1)) {
          expect(later.offset).toBeGreaterThanOrEqual(span.offset);
          const isApart = later.offset >= span.offset + span.length;
          expect(isApart || later.offset + later.length <= span.offset + span.length).toBe(true);
        }
      }
    }
  });

  it('does not fail on what is nested too deeply', () => {
    expect(text('> '.repeat(5_000) + 'deep')).toContain('deep');
    expect(text('['.repeat(3_000) + 'deep')).toContain('deep');
  });
});
