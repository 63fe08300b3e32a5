import { describe, expect, it } from 'vitest';
import { readPage } from './read-page.js';

const LONG = 'This paragraph is long enough, with commas, clauses, and a point, to be taken for the text of an article by any reader. '.repeat(3).trim();
const textOf = (body: string): string => readPage({ html: `<html><head><title>T</title></head><body>${body}</body></html>` }).text;

describe('readPage', () => {
  it('finds the article among navigation and adverts', () => {
    const html = `<!doctype html><html><head><title>Rivers &amp; lakes</title></head><body>
      <nav class="menu"><a href="/">Home</a> <a href="/shop">Shop</a></nav>
      <article><h1>Rivers</h1><h2>Long ones</h2><p>${LONG}</p><p>${LONG}</p></article>
      <div class="sidebar ad-banner"><a href="/buy">Buy boats</a></div><footer class="footer">Imprint</footer></body></html>`;
    const page = readPage({ html });
    expect(page.title).toBe('Rivers & lakes');
    expect(page.text).toContain(`## Long ones\n\n${LONG}\n\n${LONG}`);
    expect(page.text).not.toMatch(/Buy boats|Imprint|Shop/);
  });

  it.each([
    ['paragraphs and inline elements', '<p>One <b>two</b>, three<i>four</i>.</p><p>five</p>', 'One two, threefour.\n\nfive'],
    ['white space as one space', '<p>a\n\t  b <b> c </b> d</p>', 'a b c d'],
    ['headings and lists', '<h3>Head</h3><ul><li>a</li><li><p>b</p></li></ul>', '### Head\n\n- a\n\n- b'],
    ['tables by row', '<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>', 'a | b\n1 | 2'],
    ['preformatted text as it is', '<pre>x\n  y</pre>z', 'x\n  y\n\nz'],
    ['line breaks', 'a<br>b<div>c</div>d', 'a\nb\nc\nd'],
    ['entities', '<p>&lt;b&gt; &eacute; &#x65e5;</p>', '<b> é 日'],
  ])('writes %s', (_, body, text) => {
    expect(textOf(body)).toBe(text);
  });

  it.each([
    ['script', '<script>evil()</script>'],
    ['style', '<style>p{}</style>'],
    ['template', '<template><p>no</p></template>'],
    ['hidden', '<p hidden>no</p>'],
    ['display none', '<div style="color:red; display : none"><p>no</p></div>'],
    ['visibility hidden', '<p style="visibility:hidden">no</p>'],
    ['aria-hidden', '<p aria-hidden="true">no</p>'],
    ['comment', '<!-- no -->'],
  ])('leaves out what nobody sees: %s', (_, hidden) => {
    expect(textOf(`<p>before</p>${hidden}<p>after</p>`)).toBe('before\n\nafter');
  });

  it.each([
    ['a fragment', '<title>T</title><p>text', { title: 'T', text: 'text' }],
    ['plain words', 'text', { title: '', text: 'text' }],
    ['nothing', '', { title: '', text: '' }],
    ['a frameset', '<html><frameset><frame src=x></frameset></html>', { title: '', text: '' }],
    ['tags that do not match', '<html><body><p>a</div></b>b<ul></p><li>c', { title: '', text: 'ab\n\n- c' }],
  ])('reads %s', (_, html, page) => {
    expect(readPage({ html })).toEqual(page);
  });

  it('reads a page nested thousands of levels deep', () => {
    expect(textOf(`${'<div>'.repeat(20_000)}deep`)).toBe('deep');
  });
});
