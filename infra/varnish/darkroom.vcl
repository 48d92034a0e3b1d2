# An edge in front of Darkroom's origin, for Varnish 7.1 with varnish-modules (xkey, var).
# Fill in @ORIGIN_HOST@ and @ORIGIN_PORT@. How purges and fetches are kept apart: docs/decisions/cdn.md.
vcl 4.1;

import std;
import var;
import xkey;

backend origin {
    .host = "@ORIGIN_HOST@";
    .port = "@ORIGIN_PORT@";
    .connect_timeout = 2s;
    .first_byte_timeout = 30s;
    .between_bytes_timeout = 10s;
    .max_connections = 1024;
    .probe = {
        .url = "/healthz";
        .interval = 1s;
        .timeout = 1s;
        .window = 4;
        .threshold = 2;
        .initial = 2;
    }
}

# Who may purge: this machine and private networks. Never what came through another proxy (see vcl_recv).
acl purgers {
    "127.0.0.0"/8;
    "::1";
    "10.0.0.0"/8;
    "172.16.0.0"/12;
    "192.168.0.0"/16;
    "fc00::"/7;
}

sub vcl_recv {
    if (req.method == "PURGE") {
        call purge_tag;
    }
    if (req.method == "OPTIONS") {
        return (synth(204));
    }
    if (req.method != "GET" && req.method != "HEAD") {
        return (synth(405));
    }
    if (req.url == "/healthz") {
        if (std.healthy(origin)) {
            return (synth(200));
        }
        return (synth(503));
    }
    # One file has one address. What cannot be one never reaches the origin, and a query is no part of it.
    set req.url = regsub(req.url, "\?.*$", "");
    # A variant may be kept like a file, until it is purged; a reader's Accept comes down to one of three words.
    if (req.url ~ "^/a/[0-9a-hjkmnp-tv-z]{13}\.[0-9a-f]{16}/w_[a-z0-9_,]{3,78}(/[xp]-[1-9][0-9]{9}-[0-9a-f]{32})?$") {
        if (req.http.Accept ~ "image/avif" && req.http.Accept !~ "image/avif *; *q=0(\.0*)?( *,|$)") {
            set req.http.X-Takes = "image/avif";
        } else if (req.http.Accept ~ "image/webp" && req.http.Accept !~ "image/webp *; *q=0(\.0*)?( *,|$)") {
            set req.http.X-Takes = "image/webp";
        } else {
            set req.http.X-Takes = "image/jpeg";
        }
        call strip_reader;
        set req.http.Accept = req.http.X-Takes;
        unset req.http.X-Takes;
        return (hash);
    }
    # So is an address that ends: who is given it asks the origin, which knows whether it still holds.
    if (req.url ~ "^/k/[0-9a-hjkmnp-tv-z]{13}\.[0-9]{1,3}/[1-9][0-9]{9}\.[0-9a-f]{32}/[a-z0-9._-]{1,64}$") {
        unset req.http.Cookie;
        unset req.http.Authorization;
        return (pass);
    }
    # An alias is another file tomorrow: asked for anew each time. So is what is no variant, of which the origin says why.
    if (req.url ~ "^/a/[0-9a-hjkmnp-tv-z]{13}\.[0-9a-f]{16}/[a-zA-Z0-9._,-]{1,80}(/[a-zA-Z0-9-]{1,64})?$") {
        unset req.http.Cookie;
        unset req.http.Authorization;
        return (pass);
    }
    if (req.url !~ "^/m/[0-9a-hjkmnp-tv-z]{13}\.[0-9]{1,3}/[0-9a-z]{1,11}\.[0-9a-z]{1,7}\.[0-9a-f]{16}/[a-z0-9._-]{1,64}$") {
        return (synth(404));
    }
    call strip_reader;
    return (hash);
}

sub strip_reader {
    # Varnish refuses several ranges, and forms that it does not know; RFC 9110, section 14.2, lets them be ignored.
    if (req.http.Range && req.http.Range !~ "^bytes=([0-9]+-[0-9]*|-[0-9]+)$") {
        unset req.http.Range;
    }
    # Nothing of a reader changes what a file is, and nothing of a reader is the origin's business.
    unset req.http.Cookie;
    unset req.http.Authorization;
    unset req.http.Accept;
    unset req.http.Accept-Encoding;
    unset req.http.Accept-Language;
    unset req.http.Referer;
    unset req.http.User-Agent;
    unset req.http.X-Forwarded-For;
}

# A purge first changes the word of the item's bucket, which every fetch under way compares with the word
# it saw when it began, and then drops what is stored. It is answered after both. Writing a word is one
# step, so purges may come at once, from anywhere. Bits 25 to 34 of an item's id, some 34 ms wide, choose
# one of 1,024 buckets: an unlucky neighbour costs a fetch more, and nothing else.
sub purge_tag {
    # Varnish appends the client itself: a comma means that somebody stood before it.
    if (client.ip !~ purgers || req.http.X-Forwarded-For ~ ",") {
        return (synth(403));
    }
    if (req.http.xkey-purge !~ "^[a-z0-9-]{1,128}$") {
        return (synth(400));
    }
    if (req.http.xkey-purge ~ "^m-[0-9a-z]{13}(-v[0-9]+)?$") {
        var.global_set("purged-" + regsub(req.http.xkey-purge, "^m-.{6}(..).*$", "\1"), "" + req.xid);
    } else {
        var.global_set("purged-any", "" + req.xid);
    }
    set req.http.X-Purged = xkey.purge(req.http.xkey-purge);
    return (synth(200));
}

sub vcl_hash {
    # Not the Host: all names of an edge show the same files.
    hash_data(req.url);
    return (lookup);
}

sub vcl_hit {
    # A purge that came in the instant between a fetch's last look and its object's being findable missed
    # that object; the second purge takes it away. Until then it is known by its word.
    if (obj.age < 10s
        && obj.http.X-Purge-Seen != var.global_get("purged-" + regsub(req.url, "^/[am]/.{6}(..).*$", "\1")) + "/" + var.global_get("purged-any")) {
        return (pass);
    }
    return (deliver);
}

sub vcl_backend_fetch {
    var.set("seen", var.global_get("purged-" + regsub(bereq.url, "^/[am]/.{6}(..).*$", "\1")) + "/" + var.global_get("purged-any"));
    return (fetch);
}

sub vcl_backend_response {
    set beresp.http.X-Purge-Seen = var.global_get("purged-" + regsub(bereq.url, "^/[am]/.{6}(..).*$", "\1")) + "/" + var.global_get("purged-any");
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    if (beresp.http.X-Purge-Seen != var.get("seen")) {
        # Purged while the origin was answering: nobody knows whether the answer is from before.
        if (bereq.retries < 2) {
            return (retry);
        }
        set beresp.uncacheable = true;
    }
    if (beresp.status != 200) {
        set beresp.uncacheable = true;
    }
    if (beresp.uncacheable) {
        # A note, for so long, that requests need not wait for one another.
        set beresp.ttl = 1s;
        return (deliver);
    }
    unset beresp.http.Set-Cookie;
    set beresp.ttl = 365d;
    if (bereq.url ~ "^/a/") {
        # A grant ends; what is listed is looked at again now and then.
        set beresp.ttl = std.duration(regsub(beresp.http.CDN-Cache-Control, "^.*max-age=([0-9]+).*$", "\1") + "s", 0s);
    }
    return (deliver);
}

sub vcl_backend_error {
    set beresp.http.Content-Type = "application/problem+json";
    set beresp.http.Cache-Control = "no-store";
    set beresp.http.Access-Control-Allow-Origin = "*";
    set beresp.http.Retry-After = "1";
    set beresp.body = """{"type":"/problems/STORAGE_UNAVAILABLE","title":"The origin does not answer.","code":"STORAGE_UNAVAILABLE","status":""" + beresp.status + "}";
    set beresp.uncacheable = true;
    set beresp.ttl = 0s;
    return (deliver);
}

sub vcl_deliver {
    if (obj.hits > 0) {
        set resp.http.X-Cache = "hit";
    } else {
        set resp.http.X-Cache = "miss";
    }
    # Surrogate-Key and Cache-Tag stay, for a CDN in front of this one.
    if (req.url ~ "^/a/") {
        # A browser keeps a variant for a minute from when it gets it: by its age here it would be stale at once (RFC 9111, 4.2.3).
        unset resp.http.Age;
    }
    unset resp.http.xkey;
    unset resp.http.X-Purge-Seen;
    unset resp.http.X-Varnish;
    unset resp.http.Via;
    return (deliver);
}

sub vcl_synth {
    set resp.http.Cache-Control = "no-store";
    set resp.http.Access-Control-Allow-Origin = "*";
    set resp.http.X-Content-Type-Options = "nosniff";
    unset resp.http.X-Varnish;
    unset resp.http.Via;
    if (resp.status == 204) {
        set resp.http.Access-Control-Allow-Methods = "GET, HEAD, OPTIONS";
        set resp.http.Access-Control-Allow-Headers = "Range, If-None-Match, If-Range";
        set resp.http.Access-Control-Max-Age = "86400";
        return (deliver);
    }
    if (req.http.X-Purged) {
        set resp.http.Content-Type = "application/json";
        set resp.body = """{"purged":""" + req.http.X-Purged + "}";
        return (deliver);
    }
    if (resp.status == 200) {
        set resp.http.Content-Type = "text/plain";
        set resp.body = "ok";
        return (deliver);
    }
    if (resp.status == 405) {
        set resp.http.Allow = "GET, HEAD, OPTIONS";
    }
    set resp.http.Content-Type = "application/problem+json";
    set resp.body = """{"type":"about:blank","status":""" + resp.status + "}";
    return (deliver);
}
