/**
 * The email that Carillon's built-in type `maintenance` becomes, as a template string: both sides send the same message
 * of 13 KB, because its size decides what the hops, the database and SMTP have to carry.
 */
export interface MaintenanceWords {
  name: string;
  message: string;
  /** Dates in words. */
  day: string;
  from: string;
  to: string;
}

export function maintenanceText(words: MaintenanceWords): string {
  return `Hi ${words.name},

We are going to work on Carillon. It may be unavailable during this time:

From: ${words.from}
To: ${words.to}

${words.message}

There is nothing for you to do. We are sorry for the interruption.

Sent to you by Carillon <https://school.example>.`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function maintenanceHtml(words: MaintenanceWords): string {
  return `<!doctype html>
<html lang="en" dir="auto" xmlns="http://www.w3.org/1999/xhtml" xmlns:v="urn:schemas-microsoft-com:vml" xmlns:o="urn:schemas-microsoft-com:office:office">
<head>
<title>Planned maintenance on ${words.day}</title>
<!--[if !mso]><!-->
<meta http-equiv="X-UA-Compatible" content="IE=edge">
<!--<![endif]-->
<meta http-equiv="Content-Type" content="text/html; charset=UTF-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style type="text/css">
#outlook a { padding:0; }
body { margin:0;padding:0;-webkit-text-size-adjust:100%;-ms-text-size-adjust:100%; }
table, td { border-collapse:collapse;mso-table-lspace:0pt;mso-table-rspace:0pt; }
img { border:0;height:auto;line-height:100%; outline:none;text-decoration:none;-ms-interpolation-mode:bicubic; }
p { display:block;margin:13px 0; }
</style>
<!--[if mso]>
<noscript>
<xml>
<o:OfficeDocumentSettings>
<o:AllowPNG/>
<o:PixelsPerInch>96</o:PixelsPerInch>
</o:OfficeDocumentSettings>
</xml>
</noscript>
<![endif]-->
<!--[if lte mso 11]>
<style type="text/css">
.mj-outlook-group-fix { width:100% !important; }
</style>
<![endif]-->
<style type="text/css">
@media only screen and (min-width:480px) {
.mj-column-per-100 { width:100% !important; max-width: 100%; }
}
</style>
<style media="screen and (min-width:480px)">
.moz-text-html .mj-column-per-100 { width:100% !important; max-width: 100%; }
</style>
<style type="text/css">
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a { color: #2457d6; }
.footer a { color: #656567; }
.brand img { height: 40px; width: auto; max-width: 240px; vertical-align: middle; border: 0; }
.content p { margin: 0 0 16px; }
.content p:last-child { margin-bottom: 0; }
.content img { max-width: 100%; height: auto; }
.figure div { letter-spacing: -0.5px; font-variant-numeric: tabular-nums; }
.figure small { display: block; font-size: 14px; font-weight: 400; letter-spacing: 0; color: #5f5f68; }
.code span { display: inline-block; padding: 12px 12px 12px 20px; border-radius: 10px; background: #f4f4f6; letter-spacing: 8px; font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
.group div { letter-spacing: 0.3px; color: #5f5f68; }
.group span { margin-right: 4px; color: #18181b; }
.digest a { text-decoration: none; }
.digest small, .digest p { color: #5f5f68; }
.details > table { border-collapse: separate !important; border-radius: 12px; background: #f7f7f9; padding: 6px 18px; }
.details th { width: 36%; padding: 10px 16px 10px 0; font-weight: normal; text-align: left; vertical-align: top; word-break: normal; color: #5f5f68; border-bottom: 1px solid #e7e7eb; }
.details td { padding: 10px 0; font-weight: 600; vertical-align: top; word-break: break-word; border-bottom: 1px solid #e7e7eb; }
.details tr:last-child th, .details tr:last-child td { border-bottom: 0; }
@media (max-width: 479px) {
.card { margin: 0 12px !important; }
.card .content > table > tbody > tr > td { padding-left: 22px !important; padding-right: 22px !important; }
.brand, .footer { padding-left: 34px !important; padding-right: 34px !important; }
.button table, .button a { width: 100% !important; box-sizing: border-box; text-align: center; }
.figure div { font-size: 30px !important; }
}
@media (prefers-color-scheme: dark) {
body, div[role='article'] { background: #111113 !important; background-color: #111113 !important; }
.stripe, .stripe > table { background: #2f5fd8 !important; background-color: #2f5fd8 !important; }
.card, .card > table { background: #1c1c1f !important; background-color: #1c1c1f !important; }
.card div, .card td { color: #ececef !important; }
.card th, .card .small div, .figure small, .footer div { color: #a5a5ad !important; }
.brand div, .brand a { color: #ececef !important; }
.brand img { padding: 6px 10px; border-radius: 8px; background: #ffffff; }
.details > table, .code span { background: #27272b !important; }
.details th, .details td { border-bottom-color: #38383e; }
.card a, .footer a { color: #5b81e0 !important; }
.card .group span { color: #ececef !important; }
.card .group div, .digest small, .digest p { color: #a5a5ad !important; }
.digest td { border-top-color: #38383e !important; }
.card .button td { background: #2f5fd8 !important; }
.card .button a { background: #2f5fd8 !important; color: #ffffff !important; }
.line p { border-top-color: #3a3a40 !important; }
}
</style>
<meta name="color-scheme" content="light dark">
<meta name="supported-color-schemes" content="light dark">
</head>
<body  style="word-spacing:normal;background-color:#f4f4f5;">
<div style="display:none;font-size:1px;color:#ffffff;line-height:1px;max-height:0px;max-width:0px;opacity:0;overflow:hidden;">Carillon may be unavailable for a while.</div>
<div
aria-label="Planned maintenance on ${words.day}" aria-roledescription="email" role="article" lang="en" dir="auto" style="word-spacing:normal;background-color:#f4f4f5;"
>
<!--[if mso | IE]><table align="center" border="0" cellpadding="0" cellspacing="0" class="" role="presentation" style="width:600px;" width="600" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div  style="margin:0px auto;max-width:600px;">
<table
align="center" border="0" cellpadding="0" cellspacing="0" role="presentation" style="width:100%;"
>
<tbody>
<tr>
<td
style="direction:ltr;font-size:0px;padding:32px 0 20px;text-align:center;"
>
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="" style="vertical-align:top;width:600px;" ><![endif]-->
<div
class="mj-column-per-100 mj-outlook-group-fix" style="font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;"
>
<table
border="0" cellpadding="0" cellspacing="0" role="presentation" style="vertical-align:top;" width="100%"
>
<tbody>
<tr>
<td
align="left" class="brand" style="font-size:0px;padding:0 32px;word-break:break-word;"
>
<div
style="font-family:-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:19px;font-weight:700;line-height:1.3;text-align:left;color:#27272a;"
><a href="https://school.example" style="color: #18181b; text-decoration: none">Carillon</a></div>
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><table align="center" border="0" cellpadding="0" cellspacing="0" class="card-outlook" role="presentation" style="width:600px;" width="600" bgcolor="#ffffff" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div  class="card" style="background:#ffffff;background-color:#ffffff;margin:0px auto;max-width:600px;border-radius:14px;overflow:hidden;">
<table
align="center" border="0" cellpadding="0" cellspacing="0" role="presentation" style="background:#ffffff;background-color:#ffffff;width:100%;border-collapse:separate;"
>
<tbody>
<tr>
<td
style="border-radius:14px;direction:ltr;font-size:0px;padding:0;text-align:center;"
>
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="stripe-outlook" width="600px" ><table align="center" border="0" cellpadding="0" cellspacing="0" class="stripe-outlook" role="presentation" style="width:600px;" width="600" bgcolor="#2457d6" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div  class="stripe" style="background:#2457d6;background-color:#2457d6;margin:0px auto;max-width:600px;border-radius:14px 14px 0 0;overflow:hidden;">
<table
align="center" border="0" cellpadding="0" cellspacing="0" role="presentation" style="background:#2457d6;background-color:#2457d6;width:100%;border-collapse:separate;"
>
<tbody>
<tr>
<td
style="border-radius:14px 14px 0 0;direction:ltr;font-size:0px;padding:0;text-align:center;"
>
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="" style="vertical-align:top;width:600px;" ><![endif]-->
<div
class="mj-column-per-100 mj-outlook-group-fix" style="font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;"
>
<table
border="0" cellpadding="0" cellspacing="0" role="presentation" style="vertical-align:top;" width="100%"
>
<tbody>
<tr>
<td
style="font-size:0px;word-break:break-word;"
>
<div
style="height:5px;line-height:5px;"
>&#8202;</div>
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table></td></tr><tr><td class="" width="600px" ><table align="center" border="0" cellpadding="0" cellspacing="0" class="" role="presentation" style="width:600px;" width="600" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div  style="margin:0px auto;max-width:600px;">
<table
align="center" border="0" cellpadding="0" cellspacing="0" role="presentation" style="width:100%;"
>
<tbody>
<tr>
<td
style="direction:ltr;font-size:0px;padding:30px 0 12px;text-align:center;"
>
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="content-outlook" style="vertical-align:top;width:600px;" ><![endif]-->
<div
class="mj-column-per-100 mj-outlook-group-fix content" style="font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;"
>
<table
border="0" cellpadding="0" cellspacing="0" role="presentation" style="vertical-align:top;" width="100%"
>
<tbody>
<tr>
<td
align="left" style="font-size:0px;padding:0 32px 16px;word-break:break-word;"
>
<div
style="font-family:-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:16px;line-height:1.6;text-align:left;color:#27272a;"
>Hi ${escape(words.name)},</div>
</td>
</tr>
<tr>
<td
align="left" style="font-size:0px;padding:0 32px 16px;word-break:break-word;"
>
<div
style="font-family:-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:16px;line-height:1.6;text-align:left;color:#27272a;"
>We are going to work on Carillon. It may be unavailable during this time:</div>
</td>
</tr>
<tr>
<td
align="left" class="details" style="font-size:0px;padding:4px 32px 20px;word-break:break-word;"
>
<table
cellpadding="0" cellspacing="0" width="100%" border="0" style="color:#27272a;font-family:-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:16px;line-height:1.5;table-layout:auto;width:100%;border:none;"
>
<tr><th align="left">From</th><td>${words.from}</td></tr>
<tr><th align="left">To</th><td>${words.to}</td></tr>
</table>
</td>
</tr>

<tr>
<td
align="left" style="font-size:0px;padding:0 32px 16px;word-break:break-word;"
>
<div
style="font-family:-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:16px;line-height:1.6;text-align:left;color:#27272a;"
>${escape(words.message)}</div>
</td>
</tr>

<tr>
<td
align="left" style="font-size:0px;padding:0 32px 16px;word-break:break-word;"
>
<div
style="font-family:-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:16px;line-height:1.6;text-align:left;color:#27272a;"
>There is nothing for you to do. We are sorry for the interruption.</div>
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><table align="center" border="0" cellpadding="0" cellspacing="0" class="" role="presentation" style="width:600px;" width="600" ><tr><td style="line-height:0px;font-size:0px;mso-line-height-rule:exactly;"><![endif]-->
<div  style="margin:0px auto;max-width:600px;">
<table
align="center" border="0" cellpadding="0" cellspacing="0" role="presentation" style="width:100%;"
>
<tbody>
<tr>
<td
style="direction:ltr;font-size:0px;padding:22px 0 44px;text-align:center;"
>
<!--[if mso | IE]><table role="presentation" border="0" cellpadding="0" cellspacing="0"><tr><td class="" style="vertical-align:top;width:600px;" ><![endif]-->
<div
class="mj-column-per-100 mj-outlook-group-fix" style="font-size:0px;text-align:left;direction:ltr;display:inline-block;vertical-align:top;width:100%;"
>
<table
border="0" cellpadding="0" cellspacing="0" role="presentation" style="vertical-align:top;" width="100%"
>
<tbody>
<tr>
<td
align="left" class="footer" style="font-size:0px;padding:0 32px;word-break:break-word;"
>
<div
style="font-family:-apple-system, BlinkMacSystemFont, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif;font-size:13px;line-height:1.7;text-align:left;color:#656567;"
>Sent to you by <a href="https://school.example">Carillon</a>.

</div>
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</td>
</tr>
</tbody>
</table>
</div>
<!--[if mso | IE]></td></tr></table><![endif]-->
</div>
</body>
</html>`;
}
