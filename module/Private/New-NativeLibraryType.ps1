using namespace System.Reflection
using namespace System.Reflection.Emit
using namespace System.Runtime.InteropServices

function New-NativeLibraryType {
    <#
    .SYNOPSIS
    Emits Coexist.Native: one static method for each export, and Text and Take, which carry values across.
    .DESCRIPTION
    In a fresh process PowerShell takes about a millisecond to bind and compile a method call, anew for each name and each combination of
    argument types, and as long to convert a constant to an enum. So everything here goes through one call expression, Type.InvokeMember
    invoked by reflection, which is bound once: 20 ms instead of 90.
    #>
    [Diagnostics.CodeAnalysis.SuppressMessageAttribute('PSUseShouldProcessForStateChangingFunctions', '', Justification = 'Makes a type in memory.')]
    param(
        [string] $Path
    )

    $call = [type].GetMethod('InvokeMember', [type[]]([string], [BindingFlags], [Binder], [object], [object[]]))
    $how = [BindingFlags]'Public, Instance, Static, InvokeMethod'
    $static = [MethodAttributes]'Public, Static'

    $assembly = $call.Invoke([AssemblyBuilder], ('DefineDynamicAssembly', $how, $null, $null, ([AssemblyName]'Coexist.Native', [AssemblyBuilderAccess]::Run)))
    $module = $call.Invoke([AssemblyBuilder], ('DefineDynamicModule', $how, $null, $assembly, @('Coexist.Native')))
    $type = $call.Invoke([ModuleBuilder], ('DefineType', $how, $null, $module, ('Coexist.Native', [TypeAttributes]::Public)))

    $pointerOut = $call.Invoke([type], ('MakeByRefType', $how, $null, [IntPtr], $null))
    $sizeOut = $call.Invoke([type], ('MakeByRefType', $how, $null, [UIntPtr], $null))
    foreach ($export in Get-NativeExport $pointerOut $sizeOut) {
        $name, $returns, $parameters = $export
        $method = $call.Invoke([TypeBuilder], ('DefinePInvokeMethod', $how, $null, $type, ($name, $Path, $static, [CallingConventions]::Standard,
                    $returns, $parameters, [CallingConvention]::Cdecl, [CharSet]::Ansi)))
        # Without PreserveSig the runtime takes a status for an HRESULT.
        $null = $call.Invoke([MethodBuilder], ('SetImplementationFlags', $how, $null, $method, @([MethodImplAttributes]::PreserveSig)))
    }
    $free = $method # coexist_bytes_free is the last row.

    # string Scalar(object): text is itself, bytes are hex digits (33-22-…), a GUID or a number its text; nothing and any other object are empty.
    $scalar = $call.Invoke([TypeBuilder], ('DefineMethod', $how, $null, $type, ('Scalar', $static, [string], [type[]]@([object]))))
    $toString = $call.Invoke([type], ('GetMethod', $how, $null, [object], ('ToString', [type[]]@())))
    $hex = $call.Invoke([type], ('GetMethod', $how, $null, [BitConverter], ('ToString', [type[]]@([byte[]]))))
    $base = $call.Invoke([type], ('GetMethod', $how, $null, [psobject], ('get_BaseObject', [type[]]@())))
    $il = $call.Invoke([MethodBuilder], ('GetILGenerator', $how, $null, $scalar, $null))
    $bytes = $call.Invoke([ILGenerator], ('DefineLabel', $how, $null, $il, $null))
    $formattable = $call.Invoke([ILGenerator], ('DefineLabel', $how, $null, $il, $null))
    $wrapped = $call.Invoke([ILGenerator], ('DefineLabel', $how, $null, $il, $null))
    $return = $call.Invoke([ILGenerator], ('DefineLabel', $how, $null, $il, $null))
    foreach ($step in (
            @([OpCodes]::Ldarg_0), ([OpCodes]::Isinst, [string]), @([OpCodes]::Dup), ([OpCodes]::Brtrue, $return), @([OpCodes]::Pop),
            @([OpCodes]::Ldarg_0), ([OpCodes]::Isinst, [byte[]]), @([OpCodes]::Dup), ([OpCodes]::Brtrue, $bytes), @([OpCodes]::Pop),
            @([OpCodes]::Ldarg_0), ([OpCodes]::Isinst, [psobject]), @([OpCodes]::Dup), ([OpCodes]::Brtrue, $wrapped), @([OpCodes]::Pop),
            @([OpCodes]::Ldarg_0), ([OpCodes]::Isinst, [IFormattable]), @([OpCodes]::Dup), ([OpCodes]::Brtrue, $formattable), @([OpCodes]::Pop),
            ([OpCodes]::Ldstr, ''), $return, @([OpCodes]::Ret),
            $bytes, ([OpCodes]::Call, $hex), @([OpCodes]::Ret),
            $formattable, ([OpCodes]::Callvirt, $toString), @([OpCodes]::Ret),
            $wrapped, ([OpCodes]::Callvirt, $base), ([OpCodes]::Call, $scalar), @([OpCodes]::Ret)
        )) {
        if ($step -is [Label]) { $null = $call.Invoke([ILGenerator], ('MarkLabel', $how, $null, $il, @($step))) }
        else { $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, $step)) }
    }

    # string Text(object): a list of one, as AD attributes come, is its element; else Scalar.
    $text = $call.Invoke([TypeBuilder], ('DefineMethod', $how, $null, $type, ('Text', $static, [string], [type[]]@([object]))))
    $count = $call.Invoke([type], ('GetMethod', $how, $null, [Collections.ICollection], ('get_Count', [type[]]@())))
    $item = $call.Invoke([type], ('GetMethod', $how, $null, [Collections.IList], ('get_Item', [type[]]@([int]))))
    $il = $call.Invoke([MethodBuilder], ('GetILGenerator', $how, $null, $text, $null))
    $one = $call.Invoke([ILGenerator], ('DefineLabel', $how, $null, $il, $null))
    foreach ($step in (
            @([OpCodes]::Ldarg_0), ([OpCodes]::Isinst, [byte[]]), ([OpCodes]::Brtrue, $one),
            @([OpCodes]::Ldarg_0), ([OpCodes]::Isinst, [Collections.IList]), ([OpCodes]::Brfalse, $one),
            @([OpCodes]::Ldarg_0), ([OpCodes]::Castclass, [Collections.ICollection]), ([OpCodes]::Callvirt, $count),
            @([OpCodes]::Ldc_I4_1), ([OpCodes]::Bne_Un, $one),
            @([OpCodes]::Ldarg_0), ([OpCodes]::Castclass, [Collections.IList]), @([OpCodes]::Ldc_I4_0), ([OpCodes]::Callvirt, $item),
            ([OpCodes]::Call, $scalar), @([OpCodes]::Ret),
            $one, @([OpCodes]::Ldarg_0), ([OpCodes]::Call, $scalar), @([OpCodes]::Ret)
        )) {
        if ($step -is [Label]) { $null = $call.Invoke([ILGenerator], ('MarkLabel', $how, $null, $il, @($step))) }
        else { $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, $step)) }
    }

    # string Take(IntPtr, UIntPtr): the text of an output, which is freed.
    $take = $call.Invoke([TypeBuilder], ('DefineMethod', $how, $null, $type, ('Take', $static, [string], [type[]]([IntPtr], [UIntPtr]))))
    $utf8 = $call.Invoke([type], ('GetMethod', $how, $null, [Text.Encoding], ('get_UTF8', [type[]]@())))
    $bytePointer = $call.Invoke([type], ('MakePointerType', $how, $null, [byte], $null))
    $getString = $call.Invoke([type], ('GetMethod', $how, $null, [Text.Encoding], ('GetString', [type[]]($bytePointer, [int]))))
    $il = $call.Invoke([MethodBuilder], ('GetILGenerator', $how, $null, $take, $null))
    $some = $call.Invoke([ILGenerator], ('DefineLabel', $how, $null, $il, $null))
    foreach ($step in (
            @([OpCodes]::Ldarg_0), ([OpCodes]::Brtrue, $some), ([OpCodes]::Ldstr, ''), @([OpCodes]::Ret),
            $some, ([OpCodes]::Call, $utf8), @([OpCodes]::Ldarg_0), @([OpCodes]::Ldarg_1), @([OpCodes]::Conv_I4), ([OpCodes]::Callvirt, $getString),
            @([OpCodes]::Ldarg_0), @([OpCodes]::Ldarg_1), ([OpCodes]::Call, $free), @([OpCodes]::Ret)
        )) {
        if ($step -is [Label]) { $null = $call.Invoke([ILGenerator], ('MarkLabel', $how, $null, $il, @($step))) }
        else { $null = $call.Invoke([ILGenerator], ('Emit', $how, $null, $il, $step)) }
    }

    $call.Invoke([TypeBuilder], ('CreateType', $how, $null, $type, $null))
}
