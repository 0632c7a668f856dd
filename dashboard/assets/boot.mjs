// Starts what the page shows. Dash draws the layout first; nothing here touches what Dash owns.

const parts = {
  data: async () => (await import("./data.mjs")).start(),
  account: async () => (await import("./account.mjs")).start(),
  accounts: async () => (await import("./accounts.mjs")).start(),
  audit: async () => (await import("./audit.mjs")).start(),
  duty: async () => (await import("./duty.mjs")).start(),
  environment: async () => (await import("./environment.mjs")).start(),
  warnings: async () => (await import("./warnings.mjs")).start(),
  rules: async () => (await import("./rules.mjs")).start(),
  wallboard: async () => (await import("./wall.mjs")).start(),
  desk: async () => (await import("./desk.mjs")).start(),
  wall: async () => {
    const [pictures, live, state] = await Promise.all([import("./pictures.mjs"), import("./live.mjs"), import("./state.mjs")]);
    pictures.startWall();
    live.start();
    window.dongtai = Object.freeze({ stations: state.stations, link: live.link });
  },
};
let started = false;

async function look() {
  const page = document.querySelector("[data-page]");
  if (started || !page) return;
  started = true;
  watcher.disconnect();
  if (page.dataset.page !== "wallboard") (await import("./preferences.mjs")).start(); // nobody stands there to choose
  await parts[page.dataset.page]();
}
const watcher = new MutationObserver(look);
watcher.observe(document.documentElement, { childList: true, subtree: true });
look();
