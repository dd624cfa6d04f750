// Microsoft's own reader of Adaptive Cards, under jsdom: what it complains of in each card of a JSON array on stdin.
const { JSDOM } = require("jsdom");
const dom = new JSDOM("<!doctype html><body></body>");
global.window = dom.window;
global.document = dom.window.document;
for (const name of Object.getOwnPropertyNames(dom.window)) {
  if (/^(HTML|SVG|Node|Element|Event|KeyboardEvent|MouseEvent|getComputedStyle)/.test(name)) global[name] = dom.window[name];
}
const AC = require("adaptivecards/dist/adaptivecards.js");
const markdown = require("markdown-it")({ linkify: true });
AC.AdaptiveCard.onProcessMarkdown = (text, result) => {
  result.outputHtml = markdown.render(text);
  result.didProcess = true;
};
let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
  const said = JSON.parse(text).map((json) => {
    const context = new AC.SerializationContext(AC.Versions.v1_5);
    const card = new AC.AdaptiveCard();
    card.parse(json, context);
    const problems = [];
    for (let index = 0; index < context.eventCount; index++) {
      const event = context.getEventAt(index);
      if (/\bChart\.\w+/.test(event.message)) continue; // Teams' own, unknown here: its fallback is what is drawn
      problems.push(`${event.event}: ${event.message}`);
    }
    for (const failure of card.validateProperties().validationEvents) problems.push(failure.message);
    const drawn = card.render();
    return { problems, links: drawn.querySelectorAll("a").length, marks: drawn.querySelectorAll("em, at, img[src^='http://evil']").length, text: drawn.textContent };
  });
  process.stdout.write(JSON.stringify(said));
});
