"""快递100 (https://api.kuaidi100.com/document): follow a parcel, be told of it, ask about it.

Following: POST /poll with `schema=json` and `param`; answers `{"result": true, "returnCode": "200"}`. Asking: POST
/poll/query.do with `customer`, `param` and `sign`, the MD5 of param, key and customer, in capitals. Callbacks: a form of
`param` and `sign`, the MD5 of param and the salt that was given when following; they want `{"result": true,
"returnCode": "200"}` back, and come again else. MD5 is theirs to choose: the salt is 128 bits of each shipment's own.
"""

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import md5
from typing import Any

import httpx

from market.fulfilment.errors import TrackingUnavailable
from market.fulfilment.rules import Carrier, TrackingStatus
from market.fulfilment.tracking.port import ForgedCallback, Happening, Parcel, Track
from market.kernel.clock import SHANGHAI

HOST = "https://poll.kuaidi100.com"
TIMEOUT_SECONDS = 10.0
HAPPENINGS_MAX = 200

CODES: dict[Carrier, str] = {
    Carrier.SF: "shunfeng",
    Carrier.JD: "jd",
    Carrier.EMS: "ems",
    Carrier.CHINA_POST: "youzhengguonei",
    Carrier.ZTO: "zhongtong",
    Carrier.YTO: "yuantong",
    Carrier.STO: "shentong",
    Carrier.YUNDA: "yunda",
    Carrier.JT: "jtexpress",
    Carrier.DEPPON: "debangwuliu",
}
"""Carriers as 快递100 names them."""
_CARRIERS = {code: carrier for carrier, code in CODES.items()}

_STATES = {
    "0": TrackingStatus.IN_TRANSIT,
    "1": TrackingStatus.COLLECTED,
    "2": TrackingStatus.PROBLEM,
    "3": TrackingStatus.DELIVERED,
    "4": TrackingStatus.RETURNED,
    "5": TrackingStatus.OUT_FOR_DELIVERY,
    "6": TrackingStatus.RETURNING,
    "7": TrackingStatus.IN_TRANSIT,
    "8": TrackingStatus.IN_TRANSIT,
    "10": TrackingStatus.IN_TRANSIT,
    "11": TrackingStatus.IN_TRANSIT,
    "12": TrackingStatus.IN_TRANSIT,
    "13": TrackingStatus.PROBLEM,
    "14": TrackingStatus.REFUSED,
}
"""Its basic states: 0 在途 1 揽收 2 疑难 3 签收 4 退签 5 派件 6 退回 7 转单 8 and 10 to 13 清关 14 拒签. Finer ones, such as 301
(签收), begin with theirs."""
_FOLLOWED = {"200", "501"}  # 501: followed before
_NEVER = {"700", "701", "702"}  # a carrier or number that it does not take


@dataclass(frozen=True, slots=True)
class Kuaidi100:
    """One customer's access. `callback_url` is what the callbacks' addresses begin with; a shipment's id follows."""

    http: httpx.AsyncClient
    key: str
    customer: str
    callback_url: str

    async def follow(self, parcel: Parcel) -> bool:
        """Subscribe (订阅)."""
        parameters = {"callbackurl": self.callback_url + parcel.shipment_id, "salt": parcel.salt, "resultv2": "1"}
        param = {
            "company": CODES[parcel.carrier],
            "number": parcel.number,
            "key": self.key,
            "parameters": parameters | ({"phone": parcel.phone_tail} if parcel.phone_tail else {}),
        }
        answer = await self._post("/poll", {"schema": "json", "param": json.dumps(param)})
        code = str(answer.get("returnCode"))
        if code in _FOLLOWED:
            return True
        if code in _NEVER:
            return False
        raise TrackingUnavailable

    async def ask(self, parcel: Parcel) -> Track:
        """Query (实时查询)."""
        wanted = {"com": CODES[parcel.carrier], "num": parcel.number, "resultv2": "1", "order": "asc"}
        if parcel.phone_tail:
            wanted["phone"] = parcel.phone_tail
        param = json.dumps(wanted)
        form = {"customer": self.customer, "param": param, "sign": signature(param + self.key + self.customer)}
        answer = await self._post("/poll/query.do", form)
        if str(answer.get("status")) != "200":
            if str(answer.get("returnCode")) == "500":  # nothing is known of it yet
                return Track(parcel.carrier, parcel.number)
            raise TrackingUnavailable
        return _track(answer)

    async def _post(self, path: str, form: dict[str, str]) -> dict[str, Any]:
        try:
            response = await self.http.post(HOST + path, data=form, timeout=TIMEOUT_SECONDS)
            answer = response.raise_for_status().json()
        except (httpx.HTTPError, ValueError) as error:
            raise TrackingUnavailable from error
        if not isinstance(answer, dict):
            raise TrackingUnavailable
        return answer


def signature(text: str) -> str:
    """The MD5 of a text, in capitals.

    >>> signature("abc")
    '900150983CD24FB0D6963F7D28E17F72'
    """
    return md5(text.encode(), usedforsecurity=False).hexdigest().upper()


def read_callback(param: str, sign: str, *, salt: str) -> Track:
    """What a callback says. ForgedCallback for one that is not signed with the shipment's salt, or cannot be read."""
    if not hmac.compare_digest(signature(param + salt).encode(), sign.strip().upper().encode()):
        raise ForgedCallback("not signed with this shipment's salt")
    try:
        body = json.loads(param)
        track = _track(body["lastResult"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ForgedCallback(f"cannot be read: {type(error).__name__}") from error
    if body.get("status") == "abort" and not track.happenings:
        return Track(track.carrier, track.number, is_lost=True)
    return track


def _track(result: dict[str, Any]) -> Track:
    happenings = tuple(_happening(each) for each in (result.get("data") or ())[:HAPPENINGS_MAX])
    return Track(
        carrier=_CARRIERS.get(result.get("com", "")),
        number=str(result["nu"]),
        happenings=happenings,
        status=_status(str(result.get("state", ""))) if happenings else None,
    )


def _happening(row: dict[str, Any]) -> Happening:
    said = (
        datetime.strptime(row.get("ftime") or row["time"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=SHANGHAI).astimezone(UTC)
    )
    code = str(row.get("statusCode") or "")
    return Happening(
        said, _status(code) or _WORDS.get(row.get("status") or "", TrackingStatus.IN_TRANSIT), row["context"]
    )


_WORDS = {
    "揽收": TrackingStatus.COLLECTED,
    "在途": TrackingStatus.IN_TRANSIT,
    "派件": TrackingStatus.OUT_FOR_DELIVERY,
    "签收": TrackingStatus.DELIVERED,
    "疑难": TrackingStatus.PROBLEM,
    "拒签": TrackingStatus.REFUSED,
    "退回": TrackingStatus.RETURNING,
    "退签": TrackingStatus.RETURNED,
}
"""How it calls them beside each happening."""


def _status(code: str) -> TrackingStatus | None:
    """Basic states are one or two digits; finer ones three or four, which begin with theirs.

    >>> _status("14"), _status("301"), _status("1001")
    (<TrackingStatus.REFUSED: 'REFUSED'>, <TrackingStatus.DELIVERED: 'DELIVERED'>, <TrackingStatus.IN_TRANSIT: 'IN_TRANSIT'>)
    """
    return _STATES.get(code) or (_STATES.get(code[:-2]) if len(code) > 2 else None)
