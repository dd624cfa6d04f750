// One message of Slack's as a page: its blocks in `window.blocks`, drawn by a library that is not ours.
import { createRoot } from "react-dom/client";
import { Message } from "slack-blocks-to-jsx";
import "slack-blocks-to-jsx/dist/style.css";

const { blocks, at, page } = window.shown;
const root = document.getElementById("root");
const drawn = <Message blocks={blocks} logo={window.logo} name="Pitcrew" time={at} withoutWrapper={page} />;
createRoot(root).render(drawn);
