"""A centre with a phone of nobody's, and agents who have numbers and PINs."""

from typing import Any

from tests.switch.stage import PHONES, SPARE_PHONE

PIN = "4711"


def office(**sections: Any) -> dict[str, Any]:
    """Ana at 1001 and Luis at 1002, both with a PIN; Eva has neither phone nor PIN; 1003 is nobody's."""
    return {
        "phones": {name: {"secret": f"secret of {name}"} for name in (*PHONES, SPARE_PHONE)},
        "agents": {
            "ana": {"phone": "1001", "number": "501", "pin": PIN, "skills": {"support": "5"}},
            "luis": {"phone": "1002", "number": "502", "pin": "0815", "skills": {"support": "5"}},
            "eva": {"number": "503", "skills": {"support": "5"}},
        },
        **sections,
    }
