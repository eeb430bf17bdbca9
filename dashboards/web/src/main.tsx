import { render } from "preact";
import "uplot/dist/uPlot.min.css";
import { feed } from "./feed/topics";
import { lang, setLang } from "./i18n";
import { startRouter } from "./router";
import { Shell } from "./shell";
import "./styles/theme.css";
import "./styles/base.css";
import "./styles/floor.css";
import "./styles/views.css";
import "./styles/compare.css";
import { followSystem } from "./theme";

startRouter();
followSystem();
setLang(lang.value);
feed.start();
const root = document.getElementById("root");
if (root !== null) render(<Shell />, root);
