// The playground listens on every address of the machine and has no setting for it: here it listens on loopback alone.
const net = require("net");
const listen = net.Server.prototype.listen;
net.Server.prototype.listen = function (...given) {
  if (typeof given[0] === "number" || /^\d+$/.test(String(given[0]))) {
    const more = typeof given[1] === "string" ? given.slice(2) : given.slice(1);
    return listen.call(this, given[0], "127.0.0.1", ...more);
  }
  if (given[0] && typeof given[0] === "object" && "port" in given[0]) {
    given[0] = { ...given[0], host: "127.0.0.1" };
  }
  return listen.apply(this, given);
};
