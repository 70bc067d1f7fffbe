import { SIMULATED_ADDRESSES, SIMULATED_NUMBERS } from '../simulation/simulated-recipients.ts';

/** The page without its messages, which the script fills in. */
export function pageHtml({ smtpUrl }: { smtpUrl: string }): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Mailbox · Carillon</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(BELL)}">
<link rel="stylesheet" href="/mailbox.css">
</head>
<body>
<header class="bar">
  <h1><span class="bell" aria-hidden="true">${BELL}</span>Mailbox <small>Carillon development</small></h1>
  <nav class="views" role="tablist" aria-label="Views">
    <button role="tab" data-view="messages" aria-selected="true">Messages <b id="message-count" class="count">0</b></button>
    <button role="tab" data-view="refusals" aria-selected="false">Refused <b id="refusal-count" class="count">0</b></button>
    <button role="tab" data-view="simulated" aria-selected="false">Simulated<span class="wide"> recipients</span></button>
  </nav>
  <span id="connection" class="connection" role="status">connecting</span>
</header>

<main>
  <section id="messages" class="view mail">
    <div class="list-pane">
      <div class="tools">
        <input id="search" type="search" placeholder="Filter by address, subject or text" aria-label="Filter messages">
        <div class="channels" role="group" aria-label="Channel">
          <button data-channel="" aria-pressed="true">All</button>
          <button data-channel="email" aria-pressed="false">Email</button>
          <button data-channel="sms" aria-pressed="false">SMS</button>
        </div>
        <button id="clear" class="quiet">Clear</button>
      </div>
      <ol id="list" class="list" aria-label="Messages, newest first"></ol>
      <div id="list-empty" class="empty" hidden>
        <p class="empty-title">Nothing here yet</p>
        <p>Email sent to <code>${escapeHtml(smtpUrl)}</code> and SMS sent through this server appear here at once.</p>
      </div>
    </div>
    <article id="detail" class="detail" aria-live="polite"></article>
  </section>

  <section id="refusals" class="view" hidden>
    <p class="lead">Tries that a simulated recipient turned down, newest first. A retry shows up as one more line, or as a message.</p>
    <div class="table-wrap" hidden><table>
      <thead><tr><th>When</th><th>To</th><th>Through</th><th>Answer</th><th>Simulated as</th></tr></thead>
      <tbody id="refusal-rows"></tbody>
    </table></div>
    <div id="refusals-empty" class="empty" hidden><p class="empty-title">Nothing was refused</p><p>Send to one of the simulated recipients that fail.</p></div>
  </section>

  <section id="simulated" class="view" hidden>
    <p class="lead">Send to these to see what Carillon does when a provider fails. Addresses work on any domain and with a tag, as in <code>fails-twice+anna@school.example</code>; everyone else receives.</p>
    <h2>Email addresses</h2>
    <div class="table-wrap"><table>
      <thead><tr><th>Address</th><th>What it does</th></tr></thead>
      <tbody>${SIMULATED_ADDRESSES.map((address) => row(`${address.localPart}@…`, address.description)).join('')}</tbody>
    </table></div>
    <h2>Phone numbers</h2>
    <p class="lead">The same through Africa's Talking, Twilio and the custom provider, each in its own words. The numbers that end in 0001 to 0009 are Twilio's own test numbers.</p>
    <div class="table-wrap"><table>
      <thead><tr><th>Number</th><th>Name</th><th>What it does</th></tr></thead>
      <tbody>${SIMULATED_NUMBERS.map((number) => row(number.number, number.description, number.name)).join('')}</tbody>
    </table></div>
  </section>
</main>
<script src="/mailbox.js" defer></script>
</body>
</html>
`;
}

const BELL =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><path fill="#c2570c" d="M12 2a2 2 0 0 0-2 2v.3A6.5 6.5 0 0 0 5.5 10.5V15l-2 3h17l-2-3v-4.5A6.5 6.5 0 0 0 14 4.3V4a2 2 0 0 0-2-2Zm-2.5 17a2.5 2.5 0 0 0 5 0Z"/></svg>';

function row(recipient: string, description: string, name?: string): string {
  const nameCell = name === undefined ? '' : `<td class="name">${escapeHtml(name)}</td>`;
  return `<tr><td><code>${escapeHtml(recipient)}</code></td>${nameCell}<td>${escapeHtml(description)}</td></tr>`;
}

function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
