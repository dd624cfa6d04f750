// Blocks as slack-blocks-to-jsx shows them: a list of messages on standard input, a list of HTML on standard output.
const { createElement } = require("react");
const { renderToStaticMarkup } = require("react-dom/server");
const { Message } = require("slack-blocks-to-jsx");

const time = new Date("2026-11-18T09:00:00");
const drawn = (blocks) => renderToStaticMarkup(createElement(Message, { time, name: "Pitcrew", logo: "", blocks }));

let said = "";
process.stdin.setEncoding("utf8");
process.stdin.on("data", (more) => { said += more; });
process.stdin.on("end", () => process.stdout.write(JSON.stringify(JSON.parse(said).map(drawn))));
