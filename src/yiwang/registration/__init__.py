"""What follows the registration of a business (双告知): departments are told, and tell back.

When a business licence is granted or changed, each department whose permit the business scope
needs gets a notice, claims or returns it, follows the firm and closes it; the grant of the permit
closes it by itself. The registration itself is an ordinary case.
"""
