"""Lets pyHanko judge a file by the validation data in it alone, nothing fetched, as of the clock's time (which
`faketime` may have moved): its validation of signatures with archival data (EN 319 102-1 §5.6.3).

Of the authority of the last document timestamp it is told that it is not revoked, as its CA says. (The CA's newest
list would tell that of the seal as well, and of a certificate that is known to be good when it has ended already,
pyHanko 0.38 validates the path as of now instead of as of when it was used.)

    judge_ltv.py ROOT FILE
"""

import asyncio
import datetime
import sys

from pyhanko.keys import load_cert_from_pemder
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import ades
from pyhanko.sign.validation.policy_decl import (
    LocalKnowledge, PdfSignatureValidationSpec, RevinfoOnlineFetchingRule, RevocationInfoGatheringSpec, SignatureValidationSpec,
)
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import REQUIRE_REVINFO, CertRevTrustPolicy, NonRevokedStatusAssertion
from pyhanko_certvalidator.registry import SimpleTrustManager

root = load_cert_from_pemder(sys.argv[1])


async def main():
    with open(sys.argv[2], "rb") as file:
        reader = PdfFileReader(file)
        last = reader.embedded_timestamp_signatures[-1].signer_cert
        now = datetime.datetime.now(datetime.timezone.utc)
        known = LocalKnowledge(nonrevoked_assertions=[NonRevokedStatusAssertion(last.sha256, now + datetime.timedelta(hours=1))])
        for signature in reader.embedded_regular_signatures:
            policy = CertValidationPolicySpec(
                trust_manager=SimpleTrustManager.build(trust_roots=[root]),
                revinfo_policy=CertRevTrustPolicy(REQUIRE_REVINFO))
            nothing = RevocationInfoGatheringSpec(online_fetching_rule=RevinfoOnlineFetchingRule.LOCAL_ONLY)
            spec = PdfSignatureValidationSpec(SignatureValidationSpec(policy, revinfo_gathering_policy=nothing, local_knowledge=known))
            result = await ades.ades_lta_validation(signature, spec)
            print("lta:", result.ades_subindic)


asyncio.run(main())
