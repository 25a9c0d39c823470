// A checksum with every piece, so that the server notices one that was changed on its way.

/** Return bytes as base64. */
export function base64(content) {
  return btoa(String.fromCharCode(...content));
}

/** How the tus client sends: as by itself, with the sha256 of the body in front of it. */
export class CheckedStack extends tus.DefaultHttpStack {
  /** @param {function} goesOn - tells whether the upload still goes on when the hash is made */
  constructor(goesOn) {
    super();
    this.goesOn = goesOn;
  }

  createRequest(method, url) {
    const request = super.createRequest(method, url);
    const send = request.send.bind(request);
    request.send = async (body = null) => {
      if (!body || !globalThis.crypto?.subtle) return send(body);
      const content = await body.arrayBuffer();
      const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
      if (!this.goesOn()) throw new Error("halted");
      request.setHeader("Upload-Checksum", `sha256 ${base64(hash)}`);
      return send(content);
    };
    return request;
  }
}
